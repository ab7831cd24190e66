/** Work rows as they lie in the file. */
import type { NewWorkRow, StoredError, WorkRow } from '../../../../ports/inbox/rows.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

export interface WorkColumns {
  readonly id: number
  readonly handler: string
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly order_key: number | null
  readonly due_at: number
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
  const { handler, first, last, attempts, orderKey = null, dueAt, errors, replay } = row
  const only = replay?.unhandled ? 1 : 0
  // A whole number, rounded so that it is never due too early.
  const progress = [attempts, orderKey, Math.ceil(dueAt), JSON.stringify(errors)] as const
  db.run(sql.insertRow, seq, handler, first, last, ...progress, replay?.run ?? null, replay?.name ?? null, only)
}

/** The rows of a delivery that are due at `now`, of the handlers asked for. */
export function readRows(db: Database, seq: number, handlers: readonly string[], now: number): ReadRow[] {
  const rows = db.all<WorkColumns>(sql.readDueRows, seq, now, JSON.stringify(handlers))
  return rows.map(toWorkRow)
}

export function toWorkRow(columns: WorkColumns): ReadRow {
  const { due_at, order_key, careful, errors, run, only_name, only_unhandled, ...row } = columns
  const replay = run === null ? null : { run, name: only_name, unhandled: only_unhandled === 1 }
  return {
    row: { ...row, dueAt: due_at, errors: JSON.parse(errors) as StoredError[], replay, ...keyOf(order_key) },
    careful: careful === 1,
  }
}

/** Nothing where there is none, or where it is not known yet. */
const keyOf = (stored: number | null) => (stored !== null && stored >= 0 ? { orderKey: stored } : {})
