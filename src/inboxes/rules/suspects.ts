/** Which suspects one claim takes, after a crash. */
import type { Limits, Sized } from './in-turn.ts'

/** About as many events as one note has calls: so many may have a death after another crash. */
const MOST_DELIVERIES = 64
const MOST_BYTES = 64 << 10

/**
 * The first of the suspects, which come in the order of the log, whatever its size; with it the next ones, as long as
 * they fit and `mayHaveCompany`. A first one that is large, or may not have company, comes alone.
 */
export function pickSuspects<T extends Sized>(
  suspects: Iterable<T>,
  mayHaveCompany: (suspect: T) => boolean,
  limits: Limits,
): readonly T[] {
  const most = Math.min(limits.maxDeliveries, MOST_DELIVERIES)
  const picked: T[] = []
  let left = Math.min(limits.maxBytes, MOST_BYTES)
  for (const suspect of suspects) {
    const fits = mayHaveCompany(suspect) && suspect.bytes <= left
    if (picked.length > 0 && !fits) break
    picked.push(suspect)
    left -= suspect.bytes
    if (!fits || picked.length === most) break
  }
  return picked
}
