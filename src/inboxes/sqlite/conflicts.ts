/** One batch id, other bytes. Looked for when a first pass settles, so that no sender waits for it. */
import type { Database } from './database.ts'
import type { Facts } from './read.ts'
import * as sql from './sql.ts'

/** The first of its batch to be settled stands for it. */
export function recordBatch(db: Database, seq: number, { source, batchId, isTest }: Facts): void {
  if (batchId !== null && !isTest) db.run(sql.insertBatch, source, batchId, seq)
}

/** The id of another delivery of its batch whose bytes are others; null when there is none. */
export function findConflict(db: Database, seq: number, { source, batchId, isTest }: Facts): string | null {
  if (batchId === null || isTest) return null
  return db.get<{ id: string }>(sql.findConflict, source, batchId, seq)?.id ?? null
}
