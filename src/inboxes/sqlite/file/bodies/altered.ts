/** Bodies that are not what was received any more: elements were taken out of them, or all of their bytes. */
import { hash } from 'node:crypto'
import { sparseBody } from '../../../../json/tombstone.ts'
import { blob, type Database } from '../db/database.ts'
import * as sql from '../db/upkeep-sql.ts'
import { count, type Extent } from '../ledger/extent.ts'
import { encode } from './coding.ts'

const NOTHING = new Uint8Array(0)

/** Puts other bytes in the place of the stored ones. The hash of what was received stays where it is. */
export function alter(db: Database, seq: number, body: Uint8Array): void {
  const { coding, bytes } = encode(body)
  db.run(sql.replaceBody, coding, blob(bytes), seq)
  db.run(sql.noteAltered, seq, hash('sha256', body, 'buffer'), body.byteLength)
  db.run(sql.setTrace, body.byteLength === 0 ? blob(NOTHING) : null, seq)
}

/**
 * Lets go of the bytes and the headers: its events cannot be handled again from now on. What a repeat is told by stays,
 * in a table of its own, where it stands close to others.
 */
export function forget(db: Database, draft: Extent, seq: number): void {
  if (db.get(sql.isTaken, seq) === undefined) uncount(db, draft, seq)
  db.run(sql.forget, seq)
  db.run(sql.setTrace, blob(NOTHING), seq)
  db.run(sql.deleteDelivery, seq)
  db.run(sql.deleteAltered, seq)
}

/** What was settled is not stored any more. */
function uncount(db: Database, draft: Extent, seq: number): void {
  const events = db.get<{ events: number | null }>(sql.readSettledEvents, seq)?.events ?? 0
  if (events > 0) count(draft, { events: -events })
}

/** A delivery that was forgotten gets the elements back that its dead letters have kept. */
export function restoreElements(db: Database, seq: number): void {
  if (db.get(sql.isForgotten, seq) === undefined) return
  const letters = db.all<{ element_index: number; size: number; element: Uint8Array }>(sql.readElements, seq)
  const elements = new Map(letters.map((letter) => [letter.element_index, letter.element]))
  db.run(sql.remember, null, blob(NOTHING), seq)
  db.run(sql.deleteForgotten, seq)
  alter(db, seq, sparseBody(Math.max(0, ...letters.map((letter) => letter.size)), elements))
  db.run(sql.noteTaken, seq)
  db.run(sql.lookAgainLater, seq)
}
