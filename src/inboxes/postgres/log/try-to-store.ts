/** Whether bytes can be stored: as many as were refused, up to 1 MiB. */
import { randomBytes } from 'node:crypto'
import type { Database } from '../db/database.ts'

const MOST_BYTES = 1 << 20

/** No delivery has it. */
const SEQ = -1

/** Stores them, and takes them away again. */
export function tryToStore(db: Database, bytes: number): Promise<void> {
  return db.transaction(async (tx) => {
    const body = randomBytes(Math.min(bytes, MOST_BYTES))
    await tx.all('INSERT INTO @body (seq, body) VALUES ($1, $2)', SEQ, body)
    await tx.all('DELETE FROM @body WHERE seq = $1', SEQ)
  })
}
