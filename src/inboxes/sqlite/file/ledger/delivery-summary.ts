/** The columns of a delivery, without its body, that claiming and settling read. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

export interface DeliverySummary {
  readonly source: string
  readonly batchId: string | null
  readonly isTest: boolean
  readonly size: number
  readonly receivedAt: number
}

export interface DeliverySummaryColumns {
  readonly seq: number
  readonly source: string
  readonly batch_id: string | null
  readonly is_test: number
  readonly size: number
  readonly received_at: number
}

/** null when the row is missing. */
export function readSummary(db: Database, seq: number): DeliverySummary | null {
  const row = db.get<DeliverySummaryColumns>(sql.readFacts, seq)
  return row ? toSummary(row) : null
}

export function toSummary({ source, batch_id, is_test, size, received_at }: DeliverySummaryColumns): DeliverySummary {
  return { source, batchId: batch_id, isTest: is_test === 1, size, receivedAt: received_at }
}
