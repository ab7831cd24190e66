/** Bodies that erasure or retention has changed: elements were taken out of them, or all of their bytes. */
import { hash } from 'node:crypto'
import { sparseBody } from '../../../../json/tombstone.ts'
import { blob, type Database } from '../db/database.ts'
import * as sql from '../db/upkeep-sql.ts'
import { addCounts, type LogTotals } from '../ledger/log-totals.ts'
import { encode } from './coding.ts'

const NOTHING = new Uint8Array(0)

const replaceBody = 'UPDATE delivery SET coding = ?, body = ? WHERE seq = ?'

const noteAltered = `
  INSERT INTO altered (seq, sha256, size) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, size = excluded.size`

const setTrace = 'UPDATE settled SET trace = ? WHERE seq = ?'

/** Replaces the stored body. The hash of the received body stays. */
export function alter(db: Database, seq: number, body: Uint8Array): void {
  const { coding, bytes } = encode(body)
  db.run(replaceBody, coding, blob(bytes), seq)
  db.run(noteAltered, seq, hash('sha256', body, 'buffer'), body.byteLength)
  db.run(setTrace, body.byteLength === 0 ? blob(NOTHING) : null, seq)
}

const isTaken = 'SELECT 1 FROM altered WHERE seq = ? AND taken = 1'
const deleteAltered = 'DELETE FROM altered WHERE seq = ?'

/**
 * Removes the body and the headers: its events cannot be handled again from now on. What recognises a repeat stays, in
 * a table of its own, where such rows share pages.
 */
export function forget(db: Database, draft: LogTotals, seq: number): void {
  if (db.get(isTaken, seq) === undefined) uncount(db, draft, seq)
  db.run(sql.forget, seq)
  db.run(setTrace, blob(NOTHING), seq)
  db.run(sql.deleteDelivery, seq)
  db.run(deleteAltered, seq)
}

/** What was settled is not stored any more. */
function uncount(db: Database, draft: LogTotals, seq: number): void {
  const events = db.get<{ events: number | null }>(sql.readSettledEvents, seq)?.events ?? 0
  if (events > 0) addCounts(draft, { events: -events })
}

const isForgotten = 'SELECT 1 FROM forgotten WHERE seq = ?'

/** Its events are counted out, and not again when it is forgotten once more. */
const noteTaken = 'UPDATE altered SET taken = 1 WHERE seq = ?'

const readElements = 'SELECT element_index, size, element FROM dead_letter WHERE seq = ? ORDER BY id'

/** Gives a delivery that retention has forgotten the elements back that its dead letters have kept. */
export function restoreElements(db: Database, seq: number): void {
  if (db.get(isForgotten, seq) === undefined) return
  const letters = db.all<{ element_index: number; size: number; element: Uint8Array }>(readElements, seq)
  const elements = new Map(letters.map((letter) => [letter.element_index, letter.element]))
  db.run(sql.remember, null, blob(NOTHING), seq)
  db.run(sql.deleteForgotten, seq)
  alter(db, seq, sparseBody(Math.max(0, ...letters.map((letter) => letter.size)), elements))
  db.run(noteTaken, seq)
  db.run(sql.lookAgainLater, seq)
}
