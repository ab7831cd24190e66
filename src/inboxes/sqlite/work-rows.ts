/** Work rows as they lie in the file. */
import type { NewWorkRow, StoredError, WorkRow } from '../../core/ports.ts'
import type { Database } from './database.ts'
import * as sql from './sql.ts'

interface WorkColumns {
  readonly id: number
  readonly handler: string
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly order_key: number | null
  readonly due_at: number
  readonly careful: number
  readonly errors: string
}

export interface ReadRow {
  readonly row: WorkRow
  /** It was under claim when a process died. */
  readonly careful: boolean
}

export function insertRow(db: Database, seq: number, row: NewWorkRow): void {
  const { handler, first, last, attempts, orderKey = null, dueAt, errors } = row
  // A whole number, rounded so that it is never due too early.
  db.run(sql.insertRow, seq, handler, first, last, attempts, orderKey, Math.ceil(dueAt), JSON.stringify(errors))
}

/** The rows of a delivery that are due at `now`, of the handlers asked for. */
export function readRows(db: Database, seq: number, handlers: readonly string[], now: number): ReadRow[] {
  const rows = db.all<WorkColumns>(sql.readDueRows, seq, now, JSON.stringify(handlers))
  return rows.map(({ due_at, order_key, careful, errors, ...row }) => ({
    row: { ...row, dueAt: due_at, errors: JSON.parse(errors) as StoredError[], ...keyOf(order_key) },
    careful: careful === 1,
  }))
}

/** Nothing where there is none, or where it is not known yet. */
const keyOf = (stored: number | null) => (stored !== null && stored >= 0 ? { orderKey: stored } : {})
