import type { Claim, ClaimRequest, InOrder } from '../../ports/inbox/claims.ts'
import { pickInTurn } from '../rules/in-turn.ts'
import { isTooEarly, type Stop } from '../rules/order.ts'
import { pickSuspects } from '../rules/suspects.ts'
import { type Entry, toDelivery } from './entry.ts'
import { claimableOf, findStops, isDue } from './order.ts'
import type { Store, Work } from './store.ts'

interface Candidate {
  readonly entry: Entry
  /** Work rows of it; otherwise it is its first pass. */
  readonly work: boolean
  readonly careful: boolean
  readonly bytes: number
}

type Asked = ReadonlySet<string>

export function claim(
  store: Store,
  request: ClaimRequest,
  now: number,
): { claims: readonly Claim[]; nextDueAt: number | null; unread: readonly string[] } {
  const asked = new Set(request.handlers)
  const { ordered = [], seq } = request
  const picked = pick(store, request, asked, now)
  const withWork = new Set(picked.filter(({ work }) => work).map(({ entry }) => entry.seq))
  const stops = findStops(store, seq === undefined ? ordered : [], withWork)
  const rowsOf = (one: Candidate) =>
    one.work ? claimed(store, one.entry, asked, seq === undefined ? now : null, stops) : null
  const claims = picked.flatMap((candidate) => take(store, candidate, rowsOf(candidate)) ?? [])
  const unread = ordered.map(({ handler }) => handler).filter((handler) => stops.get(handler)?.isUnread)
  return { claims, nextDueAt: nextDueAt(store, asked, now), unread }
}

function pick(store: Store, request: ClaimRequest, asked: Asked, now: number): readonly Candidate[] {
  if ([...store.held.values()].some((hold) => hold.careful)) return []
  if (request.seq !== undefined) return pickOne(store, findOne(store, request.seq, asked))
  if (request.maxDeliveries < 1) return []
  const fresh = newDeliveries(store)
  const mayHaveCompany = ({ work, entry }: Candidate) => !work && entry.deaths.length === 0
  const careful = [...carefulWork(store, asked, now), ...fresh.filter((one) => one.careful)]
  const bySeq = careful.sort((a, b) => a.entry.seq - b.entry.seq)
  const suspects = pickSuspects(bySeq, mayHaveCompany, request)
  if (suspects.length > 0) return store.held.size > 0 ? [] : suspects
  const due = dueWork(store, asked, request.ordered ?? [], now)
  const { picked, turn } = pickInTurn([due, fresh], store.turn, request)
  store.turn = turn
  return picked
}

/** What is to be handled with care is given when nothing else is under claim. */
function pickOne(store: Store, one: Candidate | undefined): Candidate[] {
  return one === undefined || (one.careful && store.held.size > 0) ? [] : [one]
}

/** This delivery, due or not. */
function findOne(store: Store, seq: number, asked: Asked): Candidate | undefined {
  const entry = store.at(seq)
  if (!entry || store.held.has(seq)) return undefined
  if (!entry.passed) return store.handlers.length === 0 ? undefined : candidate(entry, false, entry.careful)
  const work = store.workOf(seq).filter(({ row }) => asked.has(row.handler))
  return work.length === 0
    ? undefined
    : candidate(
        entry,
        true,
        work.some((one) => one.careful),
      )
}

/** Deliveries with due rows of the asked handlers, the longest due first; unread rows of one handler in order. */
function dueWork(store: Store, asked: Asked, ordered: readonly InOrder[], now: number): Candidate[] {
  const dueAt = new Map<number, number>()
  for (const handler of asked)
    for (const row of claimableOf(store, handler, ordered, now))
      dueAt.set(row.seq, Math.min(row.dueAt, dueAt.get(row.seq) ?? row.dueAt))
  const longest = [...dueAt].sort((a, b) => a[1] - b[1] || a[0] - b[0])
  return longest.map(([seq]) => candidate(store.at(seq)!, true, false))
}

/** What was under claim when a process died, due again. */
function carefulWork(store: Store, asked: Asked, now: number): Candidate[] {
  const works = [...store.work.values()].filter(
    ({ row, careful }) => careful && asked.has(row.handler) && row.dueAt <= now,
  )
  return [...new Set(works.map(({ seq }) => seq))].map((seq) => candidate(store.at(seq)!, true, true))
}

/** Deliveries whose first pass has not ended, in order of the log. */
function newDeliveries(store: Store): Candidate[] {
  if (store.handlers.length === 0) return []
  const free = store.unpassed().filter((entry) => !store.held.has(entry.seq))
  return free.map((entry) => candidate(entry, false, entry.careful))
}

function candidate(entry: Entry, work: boolean, careful: boolean): Candidate {
  return { entry, work, careful, bytes: entry.bytes }
}

/** Without the rows that come after one that is still to be read. `dueBy` null: due or not. */
function claimed(
  store: Store,
  { seq }: Entry,
  asked: Asked,
  dueBy: number | null,
  stops: ReadonlyMap<string, Stop>,
): readonly Work[] {
  const works = store
    .workOf(seq)
    .filter((work) => asked.has(work.row.handler) && (dueBy === null || isDue(store, work, dueBy)))
  const inTime = works.filter(({ row, careful }) => !isTooEarly(seq, row, careful, stops.get(row.handler)))
  return inTime.sort((a, b) => a.row.first - b.row.first || a.row.id - b.row.id)
}

function take(store: Store, { entry, careful }: Candidate, work: readonly Work[] | null): Claim | null {
  if (work?.length === 0) return null
  const rows = work?.map(({ row }) => row) ?? null
  store.held.set(entry.seq, { careful, rows: rows?.map(({ id }) => id) ?? null })
  entry.handlers ??= store.handlers
  const quarantined = rows === null ? [] : store.quarantinedOf(entry)
  return { delivery: toDelivery(entry), handlers: entry.handlers, rows, careful, deaths: entry.deaths, quarantined }
}

function nextDueAt(store: Store, asked: Asked, now: number): number | null {
  const works = [...store.work.values()].filter(({ row }) => asked.has(row.handler) && row.dueAt > now)
  const times = works.filter((work) => store.stateOf(work) === 'waiting').map(({ row }) => row.dueAt)
  return times.length === 0 ? null : Math.min(...times)
}
