/**
 * What was removed leaves the files as well: first the pages that hold nothing any more, then the log of SQLite, in which
 * earlier versions of pages stand until it is written over.
 */
import type { Database } from '../db/database.ts'
import * as sql from '../db/upkeep-sql.ts'

/** Given back in one portion: a few ms. */
const PAGES = 1_000

/**
 * One portion, inside the transaction of the group: `at` is 0 while there are free pages, then the number that purges
 * must have come to. null: it has.
 */
export function purge(db: Database, at: number): number | null {
  if (at === 0) db.exec(`PRAGMA incremental_vacuum(${PAGES})`)
  if (at === 0 && Number(db.pragma('freelist_count')) > 0) return 0
  const purges = db.get<{ purges: number }>(sql.readPurges)?.purges ?? 0
  if (at === 0) return purges + 1
  return purges >= at ? null : at
}
