/** Tries whether a delivery can be stored: stores one, and deletes it in the same transaction. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import type { LogTotals } from '../ledger/log-totals.ts'

/** The largest body tried: it is written every second. */
const MOST_BYTES = 1 << 20

/** Commits, or throws; changes nothing that can be read. `bytes`: the size of the body to try. */
export function tryToStore(db: Database, { lastSeq, total }: LogTotals, bytes: number): void {
  const seq = lastSeq + 1
  const body = new Uint8Array(Math.min(Math.max(bytes, 1), MOST_BYTES))
  db.begin()
  try {
    // Overwrites freed pages too, so that the probe needs as much room as a delivery does.
    db.exec('PRAGMA secure_delete = ON')
    db.run(sql.insertDelivery, seq, 'probe', '', null, 1, new Uint8Array(32), 0, '{}', 0, total, null, body)
    db.run(upkeep.deleteDelivery, seq)
    db.exec('COMMIT')
  } finally {
    db.exec('PRAGMA secure_delete = FAST')
  }
}
