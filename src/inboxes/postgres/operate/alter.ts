/** Puts other bytes in the place of the stored ones; the hash of what was received stays where it is. */
import { hash } from 'node:crypto'
import type { Session } from '../db/database.ts'

const writeBody = 'INSERT INTO @body (seq, body) VALUES ($1, $2) ON CONFLICT (seq) DO UPDATE SET body = excluded.body'
const noteAltered = `
  INSERT INTO @altered AS a (seq, sha256, size, taken) SELECT seq, $2, $3, $4 FROM unnest($1::int8[]) seq
  ON CONFLICT (seq) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size, taken = a.taken OR excluded.taken`

const setTrace = 'UPDATE @settled SET trace = $2 WHERE seq = ANY ($1::int8[])'

export async function alter(tx: Session, seq: number, body: Uint8Array): Promise<void> {
  await tx.all(writeBody, seq, Buffer.from(body))
  await tx.all(noteAltered, [seq], hash('sha256', body, 'buffer'), body.byteLength, false)
  await tx.all(setTrace, [seq], null)
}

/** Lets go of the bytes: its events cannot be handled again from now on. */
export async function takeBytes(tx: Session, seqs: readonly number[]): Promise<void> {
  const nothing = hash('sha256', '', 'buffer')
  await tx.all('DELETE FROM @body WHERE seq = ANY ($1::int8[])', seqs)
  await tx.all(noteAltered, seqs, nothing, 0, true)
  await tx.all(setTrace, seqs, Buffer.alloc(0))
}
