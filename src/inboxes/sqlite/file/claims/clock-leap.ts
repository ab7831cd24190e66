/** The times that a file knows to have been. */
import { leapBack } from '../../../rules/leap.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'

/** The latest time of day that is known to have been when the file was last written; 0 when nothing is known. */
export function latestTime(db: Database): number {
  return db.get<{ at: number | null }>(sql.readLatestTime)?.at ?? 0
}

/**
 * The last time of day that retention went by; where it never did, the latest that is known, and of a new file that of
 * its first opening: noted, since this opening makes the time it is opened at the latest. Inside a transaction.
 */
export function believedTime(db: Database, now: number): number {
  const believedAt = db.get<{ believed_at: number }>(upkeep.readUpkeep)?.believed_at
  if (believedAt) return believedAt
  const known = latestTime(db) || now
  db.run(upkeep.noteBelieved, known)
  return known
}

/** Inside a transaction; changes nothing where the clock was not set back. */
export function bringForward(db: Database, latest: number, now: number): void {
  const leap = leapBack(latest, now)
  if (leap > 0) db.run(sql.bringForward, leap, now)
}
