import type { StoredError, WorkRow } from '../../core/ports.ts'
import { pickInTurn, type Sized } from '../../lib/in-turn.ts'
import type { Database } from './database.ts'
import { epochOf, sameHandlers } from './epochs.ts'
import type { Ledger } from './ledger.ts'
import type { ClaimPlan, ClaimRequest, Notes, PlannedClaim } from './protocol.ts'
import * as sql from './sql.ts'

interface Candidate extends Sized {
  readonly seq: number
  /** Work rows of it are due; otherwise it is its first pass. */
  readonly due: boolean
}

interface WorkColumns {
  readonly id: number
  readonly handler: string
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly due_at: number
  readonly errors: string
}

/** More are never planned at once, whatever was asked. */
const MOST_DELIVERIES = 10_000

/** Decides who gets what, on the draft; the caller commits, so that the set of handlers is durable before work begins. */
export function planClaim(db: Database, draft: Ledger, request: ClaimRequest): ClaimPlan {
  const limit = Math.min(request.maxDeliveries, MOST_DELIVERIES)
  const queues = [findDue(db, draft, request, limit), findFirstPasses(db, draft, request, limit)] as const
  const { picked, turn } = pickInTurn<Candidate>(queues, draft.turn, { ...request, maxDeliveries: limit })
  draft.turn = turn
  recordFirstClaims(draft, picked)
  const claims = picked.map((candidate) => plan(db, draft, request, candidate))
  return { claims, nextDueAt: findNextDue(db, request) }
}

/** Deliveries with due rows of the asked handlers, the longest due first. */
function findDue(db: Database, draft: Ledger, { handlers, now }: ClaimRequest, limit: number): Candidate[] {
  const held = JSON.stringify([...draft.held])
  const dueAt = new Map<number, number>()
  for (const handler of handlers) {
    let found = 0
    for (const row of db.iterate<{ seq: number; due_at: number }>(sql.findDue, handler, now, held)) {
      const known = dueAt.get(row.seq)
      if (known === undefined || row.due_at < known) dueAt.set(row.seq, row.due_at)
      found += known === undefined ? 1 : 0
      if (found === limit) break
    }
  }
  const bySeq = [...dueAt].sort((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, limit)
  return bySeq.map(([seq]) => ({ seq, due: true, bytes: sizeOf(db, seq) }))
}

/** Deliveries whose first pass has not ended: those given back, then those nobody ever had. */
function findFirstPasses(db: Database, draft: Ledger, { handlers }: ClaimRequest, limit: number): Candidate[] {
  if (handlers.length === 0 || draft.handlers.length === 0) return []
  const again = draft.returned.slice(0, limit).map((seq) => ({ seq, due: false, bytes: sizeOf(db, seq) }))
  const rest = limit - again.length
  if (rest === 0 || draft.progress.claimed === draft.lastSeq) return again
  return [...again, ...findNeverClaimed(db, draft, rest)]
}

/** The log has no gaps, so a row that is missing is taken up too: reading it will show the damage. */
function findNeverClaimed(db: Database, { progress, lastSeq }: Ledger, limit: number): Candidate[] {
  const rows = db.all<{ seq: number; size: number }>(sql.findNeverClaimed, progress.claimed, limit)
  const sizes = new Map(rows.map(({ seq, size }) => [seq, size]))
  const length = Math.min(limit, lastSeq - progress.claimed)
  return Array.from({ length }, (_, i) => {
    const seq = progress.claimed + 1 + i
    return { seq, due: false, bytes: sizes.get(seq) ?? 0 }
  })
}

function recordFirstClaims(draft: Ledger, picked: readonly Candidate[]): void {
  const firstPasses = new Set(picked.filter((candidate) => !candidate.due).map((candidate) => candidate.seq))
  draft.returned = draft.returned.filter((seq) => !firstPasses.has(seq))
  for (const candidate of picked) draft.held.add(candidate.seq)
  const { claimed } = draft.progress
  const newest = Math.max(claimed, ...firstPasses)
  if (newest === claimed) return
  const epoch = draft.epochs.at(-1)
  if (!epoch || !sameHandlers(epoch.handlers, draft.handlers))
    draft.epochs.push({ from: claimed + 1, handlers: draft.handlers })
  draft.progress = { ...draft.progress, claimed: newest }
}

function plan(db: Database, draft: Ledger, request: ClaimRequest, candidate: Candidate): PlannedClaim {
  const { seq, bytes, due } = candidate
  return {
    seq,
    bytes,
    handlers: epochOf(draft.epochs, seq)?.handlers ?? [],
    rows: due ? readRows(db, seq, request) : null,
    notes: readNotes(db, seq),
  }
}

function readRows(db: Database, seq: number, { now, handlers }: ClaimRequest): WorkRow[] {
  return db.all<WorkColumns>(sql.readDueRows, seq, now, JSON.stringify(handlers)).map(({ due_at, errors, ...row }) => ({
    ...row,
    dueAt: due_at,
    errors: JSON.parse(errors) as StoredError[],
  }))
}

function readNotes(db: Database, seq: number): Notes {
  const row = db.get<{ sender_left: number | null; duplicates: number | null; events: number | null }>(
    sql.readNotes,
    seq,
  )
  return { senderLeft: row?.sender_left === 1, duplicates: row?.duplicates ?? 0, events: row?.events ?? null }
}

function sizeOf(db: Database, seq: number): number {
  return db.get<{ size: number }>(sql.readSize, seq)?.size ?? 0
}

function findNextDue(db: Database, { handlers, now }: ClaimRequest): number | null {
  let next: number | null = null
  for (const handler of handlers) {
    const dueAt = db.get<{ due_at: number | null }>(sql.findNextDue, handler, now)?.due_at ?? null
    if (dueAt !== null && (next === null || dueAt < next)) next = dueAt
  }
  return next
}
