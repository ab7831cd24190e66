/** The times that are written in a file, and due times after the clock was set back. */
import { leapBack } from '../../../rules/leap.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'

/** The latest time that the file has written down; 0: none. */
export function latestTime(db: Database): number {
  return db.get<{ at: number | null }>(sql.readLatestTime)?.at ?? 0
}

/**
 * The latest time that retention believed. Where it never ran, the latest time that the file has written down; in a new
 * file, `now`. It is noted then, since this opening will write `now` as the latest time. Inside a transaction.
 */
export function believedTime(db: Database, now: number): number {
  const believedAt = db.get<{ believed_at: number }>(upkeep.readUpkeep)?.believed_at
  if (believedAt) return believedAt
  const known = latestTime(db) || now
  db.run(upkeep.noteBelieved, known)
  return known
}

/** Moves due times back by as much as the clock was set back since `latest`. Inside a transaction. */
export function bringForward(db: Database, latest: number, now: number): void {
  const leap = leapBack(latest, now)
  if (leap > 0) db.run(sql.bringForward, leap, now)
}
