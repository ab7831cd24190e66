/** What the inboxes give to be handled with care, after a crash. */
import type { Limits, Sized } from './in-turn.ts'

/** About as many events as the calls of one delivery that are noted at a time: what may be suspected after another death. */
const MOST_DELIVERIES = 64
const MOST_BYTES = 64 << 10

/**
 * From suspects in order of the log the first, whatever its size; with it those behind it that are small, as long as
 * each of them may have company.
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
