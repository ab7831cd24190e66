/** Recognises a repeat, inside the transaction that would store it. Nothing else does. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { findById, type RecentIds } from '../ledger/ids.ts'

/** `seq` of the delivery with this id and this whole hash; null: there is none. */
export function findStored(db: Database, ids: RecentIds, id: string, sha256: Uint8Array): number | null {
  for (const seq of findById(db, ids, id)) {
    const stored = db.get<{ sha256: Uint8Array }>(sql.readHash, seq)
    if (stored && Buffer.compare(stored.sha256, sha256) === 0) return seq
  }
  return null
}
