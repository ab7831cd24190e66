/** Replays: their work rows made and taken back, inside the transaction of the group. */
import { PosthornError } from '../../../../errors.ts'
import { eventsIn } from '../../../rules/ranges.ts'
import type { FileCommand } from '../../wire/protocol.ts'
import { restoreElements } from '../bodies/altered.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import { count, hasWork, isPassed } from '../ledger/extent.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { nameOf } from './carry-over.ts'
import { insertRow } from './work-rows.ts'

type Replay = Extract<FileCommand, { readonly kind: 'replay' }>
type Cancel = Extract<FileCommand, { readonly kind: 'cancel' }>

/** Answers the number of rows made. */
export function replay(db: Database, draft: Ledger, { mark, rows }: Replay, now: number): number {
  if (isCancelled(db, mark.run))
    throw new PosthornError('ERR_REPLAY_CANCELLED', `The replay ${mark.run} was cancelled.`)
  const found = rows.filter(({ seq }) => isPassed(db, draft, seq) && hasElements(db, seq))
  for (const { seq, handler, first, last } of found) {
    if (!hasWork(db, seq)) count(draft, { with_work: 1 })
    insertRow(db, seq, {
      handler: nameOf(draft, handler),
      first,
      last,
      attempts: 0,
      dueAt: now,
      errors: [],
      replay: mark,
    })
  }
  return found.length
}

/** Whether it is stored, with its bytes or with those that its dead letters can give back. */
function hasElements(db: Database, seq: number): boolean {
  if (db.get(sql.hasBytes, seq) !== undefined) return true
  if (db.get(upkeep.hasDeadLetter, seq) === undefined) return false
  restoreElements(db, seq)
  return true
}

/** Answers the number of events in the rows taken. */
export function cancel(db: Database, draft: Ledger, { run, limit }: Cancel): number {
  db.run(sql.cancelRun, run)
  const rows = db.all<{ id: number; seq: number; first: number; last: number }>(sql.findRowsOfRun, run, limit)
  for (const { id, seq } of rows) db.run(sql.deleteRow, id, seq)
  const seqs = new Set(rows.map(({ seq }) => seq))
  count(draft, { with_work: -[...seqs].filter((seq) => !hasWork(db, seq)).length })
  return eventsIn(rows)
}

/** What was under claim when a replay was cancelled, and was given back, is not taken up again by the next owner. */
export function findCancelled(db: Database): Cancel[] {
  const runs = db.all<{ id: string }>(sql.findCancelledRuns)
  return runs.map(({ id }) => ({ kind: 'cancel', run: id, limit: Number.MAX_SAFE_INTEGER }))
}

/** `run` is null for what belongs to no replay. */
export function isCancelled(db: Database, run: string | null): boolean {
  return run !== null && db.get<{ cancelled: number }>(sql.readRun, run)?.cancelled === 1
}
