/**
 * Whether a delivery is stored already. The one place that knows how: today a lookup in an index on the id, inside the
 * transaction that would store it.
 */
import type { Database } from './database.ts'
import * as sql from './sql.ts'

/** The sequence number of the delivery with this id and this whole hash; null when there is none. */
export function findStored(db: Database, id: string, sha256: Uint8Array): number | null {
  for (const row of db.all<{ seq: number; sha256: Uint8Array }>(sql.findById, id))
    if (Buffer.compare(row.sha256, sha256) === 0) return row.seq
  return null
}
