/** What a process leaves that dies: claims to be careful with, and the events that were under way. */

import { PosthornError } from '../../../../errors.ts'
import type { Death } from '../../../../ports/inbox/claims.ts'
import type { UnderWay } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { readExtent } from './extent.ts'
import type { Ledger } from './ledger.ts'
import { findUnsettled } from './passes.ts'

/** At the first opening of a process: whatever is still claimed was claimed by one that died. */
export function takeStock(db: Database): void {
  const { progress } = readExtent(db)
  const known = new Set(db.all<{ seq: number }>(sql.readPasses).map((row) => row.seq))
  for (const seq of findUnsettled(db, progress)) if (!known.has(seq)) db.run(sql.writePass, seq, 'returned', 1, null)
  db.run(sql.suspectPasses)
  db.run(sql.suspectRows)
  db.run(sql.countDeaths)
  db.run(sql.deleteAllUnderWay)
}

export function readNoted(db: Database): Set<number> {
  return new Set(db.all<{ seq: number }>(sql.readUnderWay).map((row) => row.seq))
}

export function readDeaths(db: Database): Map<number, readonly Death[]> {
  const deaths = new Map<number, Death[]>()
  const rows = db.all<{ seq: number; element_index: number; handler: string; times: number }>(sql.readDeaths)
  for (const { seq, element_index: index, handler, times } of rows)
    deaths.set(seq, [...(deaths.get(seq) ?? []), { index, handler, times }])
  return deaths
}

export function noteUnderWay(db: Database, draft: Ledger, { seq, calls }: UnderWay): null {
  if (!draft.held.has(seq))
    throw new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${seq} is not held any more.`)
  forgetUnderWay(db, draft, seq)
  for (const { index, handler } of calls) db.run(sql.writeUnderWay, seq, index, handler)
  draft.noted = new Set([...draft.noted, seq])
  return null
}

/** Nothing of it is under way any more. */
export function forgetUnderWay(db: Database, draft: Ledger, seq: number): void {
  if (!draft.noted.has(seq)) return
  db.run(sql.deleteUnderWay, seq)
  draft.noted = new Set([...draft.noted].filter((other) => other !== seq))
}

/** Nothing is left to do on it, or on this element of it, or what was done wrong is to be tried anew. */
export function forgetDeaths(db: Database, draft: Ledger, seq: number, index: number | null): void {
  const known = draft.deaths.get(seq)
  if (!known) return
  const left = index === null ? [] : known.filter((death) => death.index !== index)
  if (index === null) db.run(sql.deleteDeathsOf, seq)
  else db.run(sql.deleteDeathsOfElement, seq, index)
  const deaths = new Map(draft.deaths)
  if (left.length > 0) deaths.set(seq, left)
  else deaths.delete(seq)
  draft.deaths = deaths
}

/** Whether claims wait until what is to be handled with care has had its turn. */
export function hasSuspects(db: Database, draft: Ledger): boolean {
  if ([...draft.passes.values()].some((pass) => pass.careful && pass.state === 'returned')) return true
  return db.get(sql.hasCarefulWork) !== undefined
}
