/** The order in which due work is claimed. */
import type { Due } from './order.ts'

/** One row for each delivery, the earliest due; the longest due first, then in the order of the log. */
export function longestDue<D extends Pick<Due, 'seq' | 'dueAt'>>(rows: Iterable<D>): D[] {
  const bySeq = new Map<number, D>()
  for (const row of rows) {
    const known = bySeq.get(row.seq)
    if (known === undefined || row.dueAt < known.dueAt) bySeq.set(row.seq, row)
  }
  return [...bySeq.values()].sort((a, b) => a.dueAt - b.dueAt || a.seq - b.seq)
}
