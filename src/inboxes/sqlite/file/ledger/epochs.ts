/** Which handlers deliveries belong to, by `seq`: the set is fixed when a delivery is claimed for the first time. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

export interface Epoch {
  /** The first `seq` of the epoch; it ends where the next begins. */
  readonly from: number
  /** Sorted. */
  readonly handlers: readonly string[]
}

export function readEpochs(db: Database): Epoch[] {
  const rows = db.all<{ from_seq: number; handlers: string }>(sql.readEpochs)
  return rows.map((row) => ({ from: row.from_seq, handlers: JSON.parse(row.handlers) as string[] }))
}

/** The epoch of a delivery that has been claimed. */
export function epochOf(epochs: readonly Epoch[], seq: number): Epoch | undefined {
  return epochs.findLast((epoch) => epoch.from <= seq)
}

/** From `seq` on, deliveries belong to these handlers. */
export function extend(epochs: Epoch[], seq: number, handlers: readonly string[]): void {
  const last = epochs.at(-1)
  if (!last || !sameHandlers(last.handlers, handlers)) epochs.push({ from: seq, handlers })
}

function sameHandlers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i])
}
