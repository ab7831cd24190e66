/** How far the log and the work on it have come: a few stored numbers, so that no rows are ever counted. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

export interface ProgressRow {
  readonly mark: number
  readonly claimed: number
  readonly settled: number
  readonly settled_bytes: number
  readonly events: number
  readonly with_work: number
  readonly dead_letters: number
  readonly quarantined: number
  readonly cancelled: number
}

const NAMES: readonly (keyof ProgressRow)[] = [
  ...(['mark', 'claimed', 'settled', 'settled_bytes', 'events', 'with_work'] as const),
  ...(['dead_letters', 'quarantined', 'cancelled'] as const),
]

/** How far the log and the work on it have come. */
export interface LogTotals {
  lastSeq: number
  /** Bytes of all bodies up to `lastSeq`. */
  total: number
  progress: ProgressRow
}

export function readLogTotals(db: Database): LogTotals {
  const progress = db.get<ProgressRow>(sql.readProgress)
  if (!progress) throw new Error('the row of progress is missing')
  const last = db.get<{ seq: number; up_to: number }>(sql.findLast)
  return {
    // `seq` goes on even after retention has removed the whole log.
    lastSeq: Math.max(last?.seq ?? 0, progress.claimed),
    total: Math.max(last?.up_to ?? 0, progress.settled_bytes),
    progress,
  }
}

/** Bytes of bodies whose first pass has not ended. */
export function pendingBytes({ lastSeq, total, progress }: LogTotals): number {
  // `total` includes bodies whose rows were lost; they never settle.
  return lastSeq === progress.settled ? 0 : Math.max(0, total - progress.settled_bytes)
}

/** Whether the first pass has ended. */
export function isPassed(db: Database, { progress }: LogTotals, seq: number): boolean {
  return seq <= progress.mark || db.get(sql.isSettled, seq) !== undefined
}

export function hasWork(db: Database, seq: number): boolean {
  return db.get(sql.hasWork, seq) !== undefined
}

/** Whether work rows of these handlers are left. */
export function hasWorkOf(db: Database, seq: number, handlers: readonly string[]): boolean {
  return hasWork(db, seq) && db.get(sql.hasWorkOf, seq, JSON.stringify(handlers)) !== undefined
}

export function addCounts(draft: LogTotals, changes: Partial<ProgressRow>): void {
  const sum: { -readonly [K in keyof ProgressRow]: ProgressRow[K] } = { ...draft.progress }
  for (const name of NAMES) sum[name] += changes[name] ?? 0
  draft.progress = sum
}

export function writeProgress(db: Database, progress: ProgressRow): void {
  db.run(sql.writeProgress, ...NAMES.map((name) => progress[name]))
}
