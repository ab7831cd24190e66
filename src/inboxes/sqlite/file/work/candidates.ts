/** What could be claimed now, in the order it is handed out. */
import type { ClaimRequest } from '../../../../ports/inbox/claims.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { isPassed } from '../ledger/extent.ts'
import { type Facts, type FactsColumns, readFacts, toFacts } from '../ledger/facts.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { findReturned } from '../ledger/passes.ts'
import type { Candidate } from './candidate.ts'
import { findInOrder } from './order.ts'
import { readAllRows } from './work-rows.ts'

type Asked = Pick<ClaimRequest, 'handlers' | 'ordered'>

/** Deliveries with due rows of the asked handlers, the longest due first; unread rows of one handler in order. */
export function findDue(db: Database, draft: Ledger, { handlers, ordered = [] }: Asked, now: number, limit: number) {
  const leaveOut = JSON.stringify([...draft.held.keys()])
  const inOrder = new Map(ordered.map((one) => [one.handler, one]))
  const dueAt = new Map<number, number>()
  for (const handler of handlers) {
    let found = 0
    const order = inOrder.get(handler)
    const rows = order ? findInOrder(db, draft, order, now) : findAnyDue(db, handler, now, leaveOut)
    for (const row of rows) {
      const known = dueAt.get(row.seq)
      if (known === undefined || row.dueAt < known) dueAt.set(row.seq, row.dueAt)
      found += known === undefined ? 1 : 0
      if (found === limit) break
    }
  }
  const bySeq = [...dueAt].sort((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, limit)
  return bySeq.map(([seq]) => candidate(db, seq, { work: true, careful: false }))
}

function* findAnyDue(db: Database, handler: string, now: number, leaveOut: string) {
  for (const { seq, due_at } of db.iterate<{ seq: number; due_at: number }>(sql.findDue, handler, now, leaveOut))
    yield { seq, dueAt: due_at }
}

/** Deliveries whose first pass has not ended, in order of the log. */
export function findFirstPasses(db: Database, draft: Ledger, limit: number): Candidate[] {
  if (draft.handlers.length === 0) return []
  const returned = findReturned(draft, { careful: false }).slice(0, limit)
  const again = returned.map((seq) => candidate(db, seq, { work: false, careful: false }))
  if (again.length === limit && (again.at(-1)?.seq ?? 0) <= draft.progress.claimed) return again
  return [...again, ...findNeverClaimed(db, draft, limit)].sort((a, b) => a.seq - b.seq).slice(0, limit)
}

/**
 * Deliveries over which a process died, in order of the log, up to the first with work rows. They come before all
 * others; other claims wait for them, and they for those.
 */
export function* findSuspects(
  db: Database,
  draft: Ledger,
  handlers: readonly string[],
  now: number,
): Generator<Candidate> {
  const passes = draft.handlers.length === 0 ? [] : findReturned(draft, { careful: true })
  const work = db.get<{ seq: number }>(sql.findCarefulWork, now, JSON.stringify(handlers))?.seq ?? null
  for (const seq of passes) if (work === null || seq < work) yield candidate(db, seq, { work: false, careful: true })
  if (work !== null) yield candidate(db, work, { work: true, careful: true })
}

/** This delivery, due or not; null when nobody can have it now. */
export function findOne(db: Database, draft: Ledger, seq: number, handlers: readonly string[]): Candidate | null {
  if (seq < 1 || seq > draft.lastSeq || draft.held.has(seq)) return null
  if (!isPassed(db, draft, seq)) {
    if (draft.handlers.length === 0) return null
    return candidate(db, seq, { work: false, careful: draft.passes.get(seq)?.careful ?? false })
  }
  const rows = readAllRows(db, seq, handlers)
  if (rows.length === 0) return null
  return candidate(db, seq, { work: true, careful: rows.some((row) => row.careful) })
}

/** The log has no gaps, so a row that is missing is taken up too: reading it will show the damage. */
function findNeverClaimed(db: Database, draft: Ledger, limit: number): Candidate[] {
  const { progress, lastSeq, passes } = draft
  const { claimed } = progress
  if (claimed === lastSeq) return []
  const known = isAtHand(draft, limit) ? draft.fresh : readUnclaimed(db, claimed, limit + passes.size)
  const found: Candidate[] = []
  for (let seq = claimed + 1; seq <= lastSeq && found.length < limit; seq++)
    if (!passes.has(seq)) found.push(withFacts(seq, { work: false, careful: false }, known.get(seq) ?? null))
  return found
}

function isAtHand({ progress, lastSeq, passes, fresh }: Ledger, limit: number): boolean {
  const end = Math.min(progress.claimed + limit + passes.size, lastSeq)
  for (let seq = progress.claimed + 1; seq <= end; seq++) if (!fresh.has(seq) && !passes.has(seq)) return false
  return true
}

function readUnclaimed(db: Database, claimed: number, limit: number): Map<number, Facts> {
  const rows = db.all<FactsColumns>(sql.findNeverClaimed, claimed, limit)
  return new Map(rows.map((row) => [row.seq, toFacts(row)]))
}

type What = Pick<Candidate, 'work' | 'careful'>

function candidate(db: Database, seq: number, what: What): Candidate {
  return withFacts(seq, what, readFacts(db, seq))
}

function withFacts(seq: number, { work, careful }: What, facts: Facts | null): Candidate {
  return { seq, work, careful, facts, bytes: facts?.size ?? 0 }
}
