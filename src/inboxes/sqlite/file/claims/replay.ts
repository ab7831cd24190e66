/** Replays: makes and deletes their work rows, inside the transaction of the group. */
import { PosthornError } from '../../../../errors.ts'
import { eventsIn } from '../../../rules/ranges.ts'
import type { FileCommand } from '../../wire/protocol.ts'
import { restoreElements } from '../bodies/altered-bodies.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { addCounts, hasWork, isPassed } from '../ledger/log-totals.ts'
import { nameOf } from './carry-over.ts'
import { insertRow } from './work-rows.ts'

type Replay = Extract<FileCommand, { readonly kind: 'replay' }>
type Cancel = Extract<FileCommand, { readonly kind: 'cancel' }>

/** Returns the number of rows made. */
export function replay(db: Database, draft: Ledger, { mark, rows }: Replay, now: number): number {
  if (isCancelled(db, mark.run))
    throw new PosthornError('ERR_REPLAY_CANCELLED', `The replay ${mark.run} was cancelled.`)
  const found = rows.filter(({ seq }) => isPassed(db, draft, seq) && hasElements(db, seq))
  for (const { seq, handler, first, last } of found) {
    if (!hasWork(db, seq)) addCounts(draft, { with_work: 1 })
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

/** Finds the delivery only where it has its bytes. */
const hasBytes = `
  SELECT 1 FROM delivery WHERE seq = ? AND seq NOT IN (SELECT seq FROM altered WHERE taken = 1)`

/** Whether the delivery has its bytes; where they are gone, restores elements from its dead letters. */
function hasElements(db: Database, seq: number): boolean {
  if (db.get(hasBytes, seq) !== undefined) return true
  if (db.get(upkeep.hasDeadLetter, seq) === undefined) return false
  restoreElements(db, seq)
  return true
}

const cancelRun = 'INSERT INTO run (id, cancelled) VALUES (?, 1) ON CONFLICT DO UPDATE SET cancelled = 1'
const findRowsOfRun = 'SELECT id, seq, first, last FROM work WHERE run = ? AND claimed = 0 ORDER BY id LIMIT ?'

/** Returns the number of events in the rows taken. */
export function cancel(db: Database, draft: Ledger, { run, limit }: Cancel): number {
  db.run(cancelRun, run)
  const rows = db.all<{ id: number; seq: number; first: number; last: number }>(findRowsOfRun, run, limit)
  for (const { id, seq } of rows) db.run(sql.deleteRow, id, seq)
  const seqs = new Set(rows.map(({ seq }) => seq))
  addCounts(draft, { with_work: -[...seqs].filter((seq) => !hasWork(db, seq)).length })
  return eventsIn(rows)
}

const findCancelledRuns = 'SELECT id FROM run WHERE cancelled = 1 AND events > 0 ORDER BY id'

/**
 * Cancels for a new owner: rows that were under claim when their replay was cancelled, and were given back since, go.
 */
export function findCancelled(db: Database): Cancel[] {
  const runs = db.all<{ id: string }>(findCancelledRuns)
  return runs.map(({ id }) => ({ kind: 'cancel', run: id, limit: Number.MAX_SAFE_INTEGER }))
}

const readRun = 'SELECT cancelled FROM run WHERE id = ?'

/** `run` null: the row or letter belongs to no replay. */
export function isCancelled(db: Database, run: string | null): boolean {
  return run !== null && db.get<{ cancelled: number }>(readRun, run)?.cancelled === 1
}
