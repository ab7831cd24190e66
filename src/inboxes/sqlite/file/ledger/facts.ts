/** What claiming and settling ask of a delivery beside its bytes. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

export interface Facts {
  readonly source: string
  readonly batchId: string | null
  readonly isTest: boolean
  readonly size: number
  readonly receivedAt: number
}

export interface FactsColumns {
  readonly seq: number
  readonly source: string
  readonly batch_id: string | null
  readonly is_test: number
  readonly size: number
  readonly received_at: number
}

/** null when the row is missing. */
export function readFacts(db: Database, seq: number): Facts | null {
  const row = db.get<FactsColumns>(sql.readFacts, seq)
  return row ? toFacts(row) : null
}

export function toFacts({ source, batch_id, is_test, size, received_at }: FactsColumns): Facts {
  return { source, batchId: batch_id, isTest: is_test === 1, size, receivedAt: received_at }
}
