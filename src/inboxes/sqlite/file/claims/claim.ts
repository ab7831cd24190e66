import type { ClaimRequest } from '../../../../ports/inbox/claims.ts'
import type { WorkRow } from '../../../../ports/inbox/rows.ts'
import { type Choice, choose } from '../../../rules/choose.ts'
import { isTaken, rowsWith, type Stop, type Unread } from '../../../rules/order.ts'
import { NO_NOTES } from '../../wire/compact.ts'
import type { ClaimPlan, Notes, PlannedClaim } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { readPassProgress } from '../ledger/pass-progress.ts'
import { claimAhead, claimPasses, handlersOf, hasReturned } from '../ledger/passes.ts'
import type { Candidate } from './candidate.ts'
import { type Asked, findDue, findFirstPasses, findOne, findSuspects } from './candidates.ts'
import { readQuarantined } from './history.ts'
import { findStops } from './order.ts'
import { AskedSources } from './sources.ts'
import { readAllRows, readDueRows } from './work-rows.ts'

/** Most deliveries in one claim, whatever the request says. */
const MOST_DELIVERIES = 10_000

/**
 * Chooses what the request gets, on the draft, and records it: the set of handlers and the claims must be durable
 * before work begins. `begin` begins the transaction where none is open.
 */
export function planClaim(
  db: Database,
  draft: Ledger,
  request: ClaimRequest,
  now: number,
  begin: () => void,
): ClaimPlan {
  const { handlers, seq, ordered = [] } = request
  const of = new AskedSources(db, draft, request.sources)
  const { picked, more } = pick(db, draft, { ...request, of }, now)
  const withWork = new Map(picked.filter(({ work }) => work).map((one) => [one.seq, one]))
  const comes = (one: Unread, handler: string) => isTaken(handler, one, withWork.get(one.seq), handlers)
  const stops = findStops(db, draft, seq === undefined ? ordered : [], of, comes)
  const dueBy = seq === undefined ? now : null
  const found = picked.map((candidate) => ({ candidate, rows: rowsOf(db, candidate, handlers, dueBy, stops) }))
  const taken = found.filter(({ rows }) => rows?.length !== 0)
  if (taken.length > 0) begin()
  record(
    db,
    draft,
    taken.map(({ candidate }) => candidate),
    of,
  )
  const claims = taken.map(({ candidate, rows }) => plan(db, draft, candidate, rows, now))
  const unread = ordered.map(({ handler }) => handler).filter((handler) => stops.get(handler)?.isUnread)
  const returned = hasReturned(draft, (seq) => of.has(seq))
  return { claims, nextDueAt: findNextDue(db, handlers, now), unread, returned, more, unknownSources: [...of.unknown] }
}

function pick(db: Database, draft: Ledger, request: ClaimRequest & Asked, now: number): Choice<Candidate> {
  const limit = Math.min(request.maxDeliveries, MOST_DELIVERIES)
  const isCareful = [...draft.held.values()].some((hold) => hold.careful)
  const asking = { held: draft.held.size, isCareful, turn: draft.turn }
  const choice = choose<Candidate>({ ...request, maxDeliveries: limit }, asking, {
    one: (seq) => findOne(db, draft, seq, request),
    suspects: () => findSuspects(db, draft, request, now),
    mayHaveCompany: (one) => !(one.work || draft.deaths.has(one.seq)),
    // Only one process claims from a file.
    mayCare: () => true,
    due: () => findDue(db, draft, request, now, limit),
    fresh: () => findFirstPasses(db, draft, request, limit),
  })
  draft.turn = choice.turn
  return choice
}

function record(db: Database, draft: Ledger, picked: readonly Candidate[], of: AskedSources): void {
  for (const { seq, careful, facts } of picked) draft.held.set(seq, { careful, facts })
  const passes = picked.filter((candidate) => !candidate.work).map((candidate) => candidate.seq)
  const [seq] = passes
  if (seq !== undefined && isAhead(draft, seq, of)) claimAhead(db, draft, seq)
  else claimPasses(db, draft, passes)
}

/**
 * Whether this delivery is claimed out of order: neither it nor an earlier one of an asked source was claimed before.
 */
function isAhead({ passes, progress }: Ledger, seq: number, of: AskedSources): boolean {
  if (passes.has(seq)) return false
  for (let before = progress.claimed + 1; before < seq; before++) if (!passes.has(before) && of.has(before)) return true
  return false
}

/**
 * The rows to claim; null: a first pass. Leaves out rows behind an unread one (`isTooEarly`). `dueBy` null: due or not.
 */
function rowsOf(
  db: Database,
  candidate: Candidate,
  handlers: readonly string[],
  dueBy: number | null,
  stops: ReadonlyMap<string, Stop>,
): WorkRow[] | null {
  const { seq, work } = candidate
  if (!work) return null
  const rows = dueBy === null ? readAllRows(db, seq, handlers) : readDueRows(db, seq, handlers, dueBy)
  return rowsWith(candidate, rows, stops).map(({ row }) => row)
}

function plan(
  db: Database,
  draft: Ledger,
  { seq, bytes, careful }: Candidate,
  rows: readonly WorkRow[] | null,
  now: number,
): PlannedClaim {
  for (const { id } of rows ?? []) db.run(sql.claimRow, id)
  const deaths = draft.deaths.get(seq) ?? []
  const quarantined = rows ? readQuarantined(db, seq) : []
  // The number of events is not known before the first pass has ended.
  const events = rows ? readEvents(db, seq) : null
  const notes = draft.fresh.delete(seq) ? NO_NOTES : { ...readNote(db, seq), events }
  const progress = readPassProgress(db, draft, seq, rows, now)
  return { seq, bytes, handlers: handlersOf(draft, seq), rows, careful, deaths, quarantined, progress, notes }
}

function readNote(db: Database, seq: number): Omit<Notes, 'events'> {
  const row = db.get<{ sender_left: number; duplicates: number }>(sql.readNote, seq)
  return { senderLeft: row?.sender_left === 1, duplicates: row?.duplicates ?? 0 }
}

function readEvents(db: Database, seq: number): number | null {
  return db.get<{ events: number | null }>(upkeep.readSettledEvents, seq)?.events ?? null
}

function findNextDue(db: Database, handlers: readonly string[], now: number): number | null {
  let next: number | null = null
  for (const handler of handlers) {
    const dueAt = db.get<{ due_at: number | null }>(sql.findNextDue, handler, now)?.due_at ?? null
    if (dueAt !== null && (next === null || dueAt < next)) next = dueAt
  }
  return next
}
