/** How far the log and the work on it have come: a few numbers that are kept, so that nothing is ever counted. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

export interface Progress {
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

const NAMES: readonly (keyof Progress)[] = [
  ...(['mark', 'claimed', 'settled', 'settled_bytes', 'events', 'with_work'] as const),
  ...(['dead_letters', 'quarantined', 'cancelled'] as const),
]

/** How far the log and the work on it have come. */
export interface Extent {
  lastSeq: number
  /** Bytes of all bodies up to `lastSeq`. */
  total: number
  progress: Progress
}

export function readExtent(db: Database): Extent {
  const progress = db.get<Progress>(sql.readProgress)
  if (!progress) throw new Error('the row of progress is missing')
  const last = db.get<{ seq: number; up_to: number }>(sql.findLast)
  return {
    // A log that was pruned to nothing still goes on where it was.
    lastSeq: Math.max(last?.seq ?? 0, progress.claimed),
    total: Math.max(last?.up_to ?? 0, progress.settled_bytes),
    progress,
  }
}

/** Bytes of bodies whose first pass has not ended. */
export function pendingBytes({ lastSeq, total, progress }: Extent): number {
  // Bodies that were lost with their rows are in the total and never settled.
  return lastSeq === progress.settled ? 0 : Math.max(0, total - progress.settled_bytes)
}

/** Whether the first pass has ended. */
export function isPassed(db: Database, { progress }: Extent, seq: number): boolean {
  return seq <= progress.mark || db.get(sql.isSettled, seq) !== undefined
}

export function hasWork(db: Database, seq: number): boolean {
  return db.get(sql.hasWork, seq) !== undefined
}

/** Whether rows of these handlers are left. */
export function hasWorkOf(db: Database, seq: number, handlers: readonly string[]): boolean {
  return hasWork(db, seq) && db.get(sql.hasWorkOf, seq, JSON.stringify(handlers)) !== undefined
}

export function count(draft: Extent, changes: Partial<Progress>): void {
  const sum: { -readonly [K in keyof Progress]: Progress[K] } = { ...draft.progress }
  for (const name of NAMES) sum[name] += changes[name] ?? 0
  draft.progress = sum
}

export function writeProgress(db: Database, progress: Progress): void {
  db.run(sql.writeProgress, ...NAMES.map((name) => progress[name]))
}
