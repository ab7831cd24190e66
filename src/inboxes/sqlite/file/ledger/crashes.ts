/** What a process leaves that dies: its claims become suspects, and the calls it has noted become deaths. */

import { PosthornError } from '../../../../errors.ts'
import type { Death } from '../../../../ports/inbox/claims.ts'
import type { UnderWay } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from './ledger.ts'
import { readLogTotals } from './log-totals.ts'
import { findUnsettled } from './passes.ts'

const deleteAllUnderWay = 'DELETE FROM under_way'

const countDeaths = `
  INSERT INTO death (seq, element_index, handler, times) SELECT seq, element_index, handler, 1 FROM under_way WHERE true
  ON CONFLICT DO UPDATE SET times = times + 1`

const suspectRows = 'UPDATE work SET claimed = 0, careful = 1 WHERE claimed = 1'
const suspectPasses = "UPDATE first_pass SET state = 'returned', careful = 1 WHERE state = 'claimed'"

/** At the first opening of a process: the claims in the file are those of a process that died. */
export function takeStock(db: Database): void {
  const { progress } = readLogTotals(db)
  const known = new Set(db.all<{ seq: number }>(sql.readPasses).map((row) => row.seq))
  for (const seq of findUnsettled(db, progress)) if (!known.has(seq)) db.run(sql.writePass, seq, 'returned', 1, null)
  db.run(suspectPasses)
  db.run(suspectRows)
  db.run(countDeaths)
  db.run(deleteAllUnderWay)
}

const readUnderWay = 'SELECT DISTINCT seq FROM under_way'

export function readNoted(db: Database): Set<number> {
  return new Set(db.all<{ seq: number }>(readUnderWay).map((row) => row.seq))
}

export function readDeaths(db: Database): Map<number, readonly Death[]> {
  const deaths = new Map<number, Death[]>()
  const rows = db.all<{ seq: number; element_index: number; handler: string; times: number }>(sql.readDeaths)
  for (const { seq, element_index: index, handler, times } of rows)
    deaths.set(seq, [...(deaths.get(seq) ?? []), { index, handler, times }])
  return deaths
}

const writeUnderWay = 'INSERT OR IGNORE INTO under_way (seq, element_index, handler) VALUES (?, ?, ?)'

export function noteUnderWay(db: Database, draft: Ledger, { seq, calls }: UnderWay): null {
  if (!draft.held.has(seq))
    throw new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${seq} is not held any more.`)
  forgetUnderWay(db, draft, seq)
  for (const { index, handler } of calls) db.run(writeUnderWay, seq, index, handler)
  draft.noted = new Set([...draft.noted, seq])
  return null
}

const deleteUnderWay = 'DELETE FROM under_way WHERE seq = ?'

/** Deletes the note of the delivery. */
export function forgetUnderWay(db: Database, draft: Ledger, seq: number): void {
  if (!draft.noted.has(seq)) return
  db.run(deleteUnderWay, seq)
  draft.noted = new Set([...draft.noted].filter((other) => other !== seq))
}

const deleteDeathsOf = 'DELETE FROM death WHERE seq = ?'
const deleteDeathsOfElement = 'DELETE FROM death WHERE seq = ? AND element_index = ?'

/** Deletes the deaths of the delivery, or of one element: nothing is left to do on it, or it is tried anew. */
export function forgetDeaths(db: Database, draft: Ledger, seq: number, index: number | null): void {
  const known = draft.deaths.get(seq)
  if (!known) return
  const left = index === null ? [] : known.filter((death) => death.index !== index)
  if (index === null) db.run(deleteDeathsOf, seq)
  else db.run(deleteDeathsOfElement, seq, index)
  const deaths = new Map(draft.deaths)
  if (left.length > 0) deaths.set(seq, left)
  else deaths.delete(seq)
  draft.deaths = deaths
}

/** Whether suspects are left that are not under claim, or suspect work rows: other claims wait for them. */
export function hasSuspects(db: Database, draft: Ledger): boolean {
  if ([...draft.passes.values()].some((pass) => pass.careful && pass.state === 'returned')) return true
  return db.get(sql.hasCarefulWork) !== undefined
}
