/** The times that a file knows to have been. */
import { leapBack } from '../../../rules/leap.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'

/** The latest time of day that is known to have been when the file was last written; 0 when nothing is known. */
export function latestTime(db: Database): number {
  return db.get<{ at: number | null }>(sql.readLatestTime)?.at ?? 0
}

/** The last time of day that retention went by; where it never did, the latest that is known. */
export function believedTime(db: Database): number {
  return db.get<{ believed_at: number }>(upkeep.readUpkeep)?.believed_at || latestTime(db)
}

/** Inside a transaction; changes nothing where the clock was not set back. */
export function bringForward(db: Database, latest: number, now: number): void {
  const leap = leapBack(latest, now)
  if (leap > 0) db.run(sql.bringForward, leap, now)
}
