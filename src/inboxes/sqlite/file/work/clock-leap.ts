/**
 * A wall clock that was set back leaves every retry waiting by as much longer: one of a second waits a day. The file
 * knows times that have been, so a leap shows, while the process runs and between two of them; what is due later is
 * then brought forward by as much. A clock set forward only makes retries early.
 */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

/** Smaller steps are those of a clock that is kept right; they delay nothing by more than this. */
const LEAP_MS = 2_000

/** The latest time of day that is known to have been when the file was last written; 0 when nothing is known. */
export function latestTime(db: Database): number {
  return db.get<{ at: number | null }>(sql.readLatestTime)?.at ?? 0
}

/** Whether the clock was set back since it said `latest`. */
export function isLeap(latest: number, now: number): boolean {
  return now < latest - LEAP_MS
}

/** Inside a transaction. */
export function bringForward(db: Database, latest: number, now: number): void {
  db.run(sql.bringForward, latest - now, now)
}
