/** Work rows as the file stores them. */
import type { NewWorkRow, StoredError, WorkRow } from '../../../../ports/inbox/rows.ts'
import { stateOf } from '../../../rules/order.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { hasOrder } from './order.ts'

export interface WorkColumns {
  readonly id: number
  readonly handler: string
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly order_key: number | null
  readonly due_at: number
  readonly waits_for: 'time' | 'turn'
  readonly careful: number
  readonly errors: string
  readonly run: string | null
  readonly only_name: string | null
  readonly only_unhandled: number
}

export interface ReadRow {
  readonly row: WorkRow
  /** It was under claim when a process died. */
  readonly careful: boolean
}

export function insertRow(db: Database, seq: number, row: NewWorkRow): void {
  const { handler, first, last, attempts, dueAt, errors, replay } = row
  const state = stateOf(row, hasOrder(db, handler))
  const orderKey = state === 'unread' ? UNREAD : (row.orderKey ?? null)
  const only = replay?.unhandled ? 1 : 0
  // `dueAt` is rounded up, so that the row is never due too early.
  const progress = [attempts, orderKey, Math.ceil(dueAt), state === 'waiting' ? 'time' : 'turn'] as const
  const run = [JSON.stringify(errors), replay?.run ?? null, replay?.name ?? null, only] as const
  db.run(sql.insertRow, seq, handler, first, last, ...progress, ...run)
}

/** The stored order key of unread rows. */
const UNREAD = -1

/** The rows of a delivery that may be claimed at `now`, of the handlers asked for. */
export function readDueRows(db: Database, seq: number, handlers: readonly string[], now: number): ReadRow[] {
  return db.all<WorkColumns>(sql.readDueRows, seq, now, JSON.stringify(handlers)).map(toWorkRow)
}

/** All rows of the delivery, due or not, of the handlers asked for. */
export function readAllRows(db: Database, seq: number, handlers: readonly string[]): ReadRow[] {
  return db.all<WorkColumns>(sql.readAllRows, seq, JSON.stringify(handlers)).map(toWorkRow)
}

export function toWorkRow(columns: WorkColumns): ReadRow {
  const { due_at, order_key, waits_for, careful, errors, run, only_name, only_unhandled, ...row } = columns
  const replay = run === null ? null : { run, name: only_name, unhandled: only_unhandled === 1 }
  return {
    row: {
      ...row,
      dueAt: due_at,
      errors: JSON.parse(errors) as StoredError[],
      replay,
      ...orderOf(order_key, waits_for),
    },
    careful: careful === 1,
  }
}

function orderOf(orderKey: number | null, waitsFor: WorkColumns['waits_for']): Pick<NewWorkRow, 'orderKey' | 'parked'> {
  if (orderKey === UNREAD) return {}
  return waitsFor === 'turn' ? { orderKey, parked: true } : { orderKey }
}
