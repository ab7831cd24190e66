/** The histogram of acknowledgements. */

/** Upper bounds, in ms; the last ones are time limits of senders. */
export const ACK_BUCKETS_MS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 6_000, 10_000,
]

/** The one past the last bound holds what took longer. */
export function ackBucketOf(ms: number): number {
  const found = ACK_BUCKETS_MS.findIndex((bound) => ms <= bound)
  return found < 0 ? ACK_BUCKETS_MS.length : found
}
