/**
 * Whom a delivery belongs to that is claimed for the first time: the handlers of the process that claims it, and those that
 * were in use a short time ago. A script that drains with one handler, or a release that is taken back, must not take from
 * the others what they are owed.
 */

/** So long after it was last known to be in use a handler is owed nothing new, and what it left is orphaned, in ms. */
const IN_USE_MS = 86_400_000

/** Handlers that were seen later than this are in use. */
export const usedSince = (now: number): number => now - IN_USE_MS

interface Seen {
  readonly name: string
  readonly seenAt: number
}

/** Sorted. */
export function belongingAt(now: number, own: readonly string[], seen: Iterable<Seen>): string[] {
  const names = new Set(own)
  for (const { name, seenAt } of seen) if (seenAt > usedSince(now)) names.add(name)
  return [...names].sort()
}
