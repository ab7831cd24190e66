/** Whether a delivery could be stored: one is, and is taken away again in the same transaction. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import type { Extent } from '../ledger/extent.ts'

/** A larger body is not tried at its full size: it would be written every second. */
const MOST_BYTES = 1 << 20

/** Durable, or thrown; changes nothing that can be read. `bytes` is the size of its body. */
export function tryToStore(db: Database, { lastSeq, total }: Extent, bytes: number): void {
  const seq = lastSeq + 1
  const body = new Uint8Array(Math.min(Math.max(bytes, 1), MOST_BYTES))
  db.begin()
  try {
    // Pages that are free again are written as well, so that it takes the room a delivery takes.
    db.exec('PRAGMA secure_delete = ON')
    db.run(sql.insertDelivery, seq, 'probe', '', null, 1, new Uint8Array(32), 0, '{}', 0, total, null, body)
    db.run(upkeep.deleteDelivery, seq)
    db.exec('COMMIT')
  } finally {
    db.exec('PRAGMA secure_delete = FAST')
  }
}
