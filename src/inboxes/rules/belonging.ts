/**
 * Which handlers a delivery belongs to when it is claimed for the first time: those of the process that claims it, and
 * those in use in the last 24 hours. A script that drains with one handler, or a release that is rolled back, must not
 * take deliveries away from the others.
 */

/** A handler not in use for so long, in ms, gets no new deliveries, and its work rows count as orphaned. */
const IN_USE_MS = 86_400_000

/** Handlers with a later `seenAt` are in use. */
export const usedSince = (now: number): number => now - IN_USE_MS

interface Seen {
  readonly name: string
  readonly seenAt: number
}

/** The names, sorted. */
export function belongingAt(now: number, own: readonly string[], seen: Iterable<Seen>): string[] {
  const names = new Set(own)
  for (const { name, seenAt } of seen) if (seenAt > usedSince(now)) names.add(name)
  return [...names].sort()
}
