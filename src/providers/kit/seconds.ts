/** Times as senders count them. Private. */

/** The last second that a Date can hold. */
const LAST = 8.64e12

/** Epoch milliseconds of Unix seconds; null for 0, which stands for an empty field, and for what no Date can hold. */
export function fromSeconds(seconds: number): number | null {
  return seconds > 0 && seconds <= LAST ? Math.round(seconds * 1_000) : null
}
