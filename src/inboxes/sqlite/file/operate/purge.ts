/**
 * Clears the files of removed data: gives free pages back, then waits until the WAL is emptied, in which earlier
 * versions of pages stand until it is overwritten.
 */
import type { Database } from '../db/database.ts'

/** Pages given back in one portion: a few ms. */
const PAGES = 1_000

const readPurges = 'SELECT purges FROM upkeep'

/**
 * One portion, inside the transaction of the group. Returns the next `at`: 0 while there are free pages, then the
 * number that `upkeep.purges` must reach; null: it has.
 */
export function purge(db: Database, at: number): number | null {
  if (at === 0) db.exec(`PRAGMA incremental_vacuum(${PAGES})`)
  if (at === 0 && Number(db.pragma('freelist_count')) > 0) return 0
  const purges = db.get<{ purges: number }>(readPurges)?.purges ?? 0
  if (at === 0) return purges + 1
  return purges >= at ? null : at
}
