/** Finds the deliveries that could be claimed now, in the order in which they are claimed. */
import type { ClaimRequest } from '../../../../ports/inbox/claims.ts'
import { longestDue } from '../../../rules/longest-due.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import {
  type DeliverySummary,
  type DeliverySummaryColumns,
  readSummary,
  toSummary,
} from '../ledger/delivery-summary.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { isPassed } from '../ledger/log-totals.ts'
import { findReturned } from '../ledger/passes.ts'
import type { Candidate } from './candidate.ts'
import { findClaimable, findStops } from './order.ts'
import type { AskedSources } from './sources.ts'
import { readAllRows } from './work-rows.ts'

/** The handlers and the sources of a claim request. */
export interface Asked extends Pick<ClaimRequest, 'handlers' | 'ordered'> {
  readonly of: AskedSources
}

/** Deliveries with due rows of the asked handlers, the longest due first; unread rows of one handler in order. */
export function findDue(
  db: Database,
  draft: Ledger,
  { handlers, ordered = [], of }: Asked,
  now: number,
  limit: number,
) {
  const leaveOut = JSON.stringify([...draft.held.keys()])
  const inOrder = new Map(ordered.map((one) => [one.handler, one]))
  const dueAt = new Map<number, number>()
  for (const handler of handlers) {
    let found = 0
    const order = inOrder.get(handler)
    const rows = order ? findClaimable(db, draft, order, of, now) : findAnyDue(db, handler, now, leaveOut)
    for (const row of rows) {
      const known = dueAt.get(row.seq)
      if (known === undefined && !of.has(row.seq)) continue
      if (known === undefined || row.dueAt < known) dueAt.set(row.seq, row.dueAt)
      found += known === undefined ? 1 : 0
      if (found === limit) break
    }
  }
  const rows = [...dueAt].map(([seq, at]) => ({ seq, dueAt: at }))
  return longestDue(rows)
    .slice(0, limit)
    .map(({ seq }) => candidate(db, seq, { work: true, careful: false }))
}

function* findAnyDue(db: Database, handler: string, now: number, leaveOut: string) {
  for (const { seq, due_at } of db.iterate<{ seq: number; due_at: number }>(sql.findDue, handler, now, leaveOut))
    yield { seq, dueAt: due_at }
}

/** Deliveries whose first pass could be claimed, in order of the log. */
export function findFirstPasses(db: Database, draft: Ledger, { of }: Asked, limit: number): Candidate[] {
  if (draft.own.length === 0) return []
  const returned = findReturned(draft, { careful: false })
    .filter((seq) => of.has(seq))
    .slice(0, limit)
  const again = returned.map((seq) => candidate(db, seq, { work: false, careful: false }))
  if (again.length === limit && (again.at(-1)?.seq ?? 0) <= draft.progress.claimed) return again
  return [...again, ...findNeverClaimed(db, draft, of, limit)].sort((a, b) => a.seq - b.seq).slice(0, limit)
}

/**
 * Suspects in the order of the log, up to the first with work rows. They are claimed before all other deliveries: other
 * claims wait until the suspects are settled, and suspects wait until no other claim is under way.
 */
export function* findSuspects(db: Database, draft: Ledger, asked: Asked, now: number): Generator<Candidate> {
  const passes = draft.own.length === 0 ? [] : findReturned(draft, { careful: true }).filter((seq) => asked.of.has(seq))
  const work = firstCareful(db, draft, asked, now)
  for (const seq of passes) if (work === null || seq < work) yield candidate(db, seq, { work: false, careful: true })
  if (work !== null) yield candidate(db, work, { work: true, careful: true })
}

/** `seq` of the first delivery with suspect work rows that are due and in their turn; null: there is none. */
function firstCareful(db: Database, draft: Ledger, { handlers, ordered = [], of }: Asked, now: number): number | null {
  // Nearly always there are none.
  if (db.get(sql.hasCarefulWork) === undefined) return null
  const stops = findStops(db, draft, ordered, of, () => false)
  const seqs = handlers.flatMap((handler) => {
    const last = stops.get(handler)?.last ?? draft.lastSeq
    for (const { seq } of db.iterate<{ seq: number }>(sql.findCarefulWork, handler, last, now))
      if (of.has(seq)) return seq
    return []
  })
  return seqs.length === 0 ? null : Math.min(...seqs)
}

/** This delivery, due or not; null: it cannot be claimed now. */
export function findOne(db: Database, draft: Ledger, seq: number, { handlers, of }: Asked): Candidate | null {
  if (seq < 1 || seq > draft.lastSeq || draft.held.has(seq) || !of.has(seq)) return null
  if (!isPassed(db, draft, seq)) {
    if (draft.own.length === 0) return null
    return candidate(db, seq, { work: false, careful: draft.passes.get(seq)?.careful ?? false })
  }
  const rows = readAllRows(db, seq, handlers)
  if (rows.length === 0) return null
  return candidate(db, seq, { work: true, careful: rows.some((row) => row.careful) })
}

/** Also finds a delivery whose row is missing, since the log has no gaps: reading it will show the damage. */
function findNeverClaimed(db: Database, draft: Ledger, of: AskedSources, limit: number): Candidate[] {
  const { progress, lastSeq, passes } = draft
  const found: Candidate[] = []
  for (let from = progress.claimed; from < lastSeq && found.length < limit; ) {
    const to = Math.min(from + limit + passes.size, lastSeq)
    const known = isAtHand(draft, from, to) ? draft.fresh : readUnclaimed(db, from, to)
    for (let seq = from + 1; seq <= to && found.length < limit; seq++) {
      const facts = known.get(seq) ?? null
      if (!passes.has(seq) && of.has(seq, facts)) found.push(withFacts(seq, { work: false, careful: false }, facts))
    }
    from = to
  }
  return found
}

function isAtHand({ passes, fresh }: Ledger, from: number, to: number): boolean {
  for (let seq = from + 1; seq <= to; seq++) if (!fresh.has(seq) && !passes.has(seq)) return false
  return true
}

function readUnclaimed(db: Database, from: number, to: number): Map<number, DeliverySummary> {
  const rows = db.all<DeliverySummaryColumns>(sql.findNeverClaimed, from, to)
  return new Map(rows.map((row) => [row.seq, toSummary(row)]))
}

type What = Pick<Candidate, 'work' | 'careful'>

function candidate(db: Database, seq: number, what: What): Candidate {
  return withFacts(seq, what, readSummary(db, seq))
}

function withFacts(seq: number, { work, careful }: What, facts: DeliverySummary | null): Candidate {
  return { seq, work, careful, facts, bytes: facts?.size ?? 0 }
}
