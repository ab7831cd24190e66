import type { Claim, Claimed, ClaimRequest, OrderedHandler } from '../../ports/inbox/claims.ts'
import { type Candidate as Choosable, choose } from '../rules/choose.ts'
import { longestDue } from '../rules/longest-due.ts'
import { isTaken, isTooEarly, rowsWith, type Stop, type Unread } from '../rules/order.ts'
import { type Entry, toDelivery } from './entry.ts'
import { claimableOf, findStops, hasReturned, isDue } from './order.ts'
import type { Session } from './session.ts'
import type { MemoryStore, Work } from './store.ts'

interface Candidate extends Choosable {
  readonly entry: Entry
}

/** What is asked for, as sets. */
interface Asked {
  readonly handlers: ReadonlySet<string>
  readonly sources: ReadonlySet<string>
}

export function claim(session: Session, request: ClaimRequest): Claimed {
  const { store } = session
  const now = session.now()
  const asked = { handlers: new Set(request.handlers), sources: new Set(request.sources) }
  session.sources = asked.sources
  const { ordered = [], seq } = request
  const picked = pick(session, request, asked, now)
  const withWork = new Map(picked.filter(({ work }) => work).map((one) => [one.entry.seq, one]))
  const comes = (one: Unread, handler: string) => isTaken(handler, one, withWork.get(one.seq), request.handlers)
  const stops = findStops(store, seq === undefined ? ordered : [], asked.sources, comes)
  const rowsOf = (one: Candidate) =>
    one.work ? claimed(store, one, asked, seq === undefined ? now : null, stops) : null
  const claims = picked.flatMap((candidate) => take(session, candidate, rowsOf(candidate)) ?? [])
  const unread = ordered.map(({ handler }) => handler).filter((handler) => stops.get(handler)?.isUnread)
  const returned = hasReturned(store, asked.sources)
  const unknown = unknownSources(store, asked)
  return { claims, nextDueAt: nextDueAt(store, asked, now), unread, returned, unknownSources: unknown }
}

function pick(session: Session, request: ClaimRequest, asked: Asked, now: number): readonly Candidate[] {
  const { store } = session
  const ordered = request.ordered ?? []
  const holds = session.holds()
  const asking = { held: holds.length, isCareful: holds.some((hold) => hold.careful), turn: store.turn }
  const fresh = newDeliveries(store, asked)
  const { picked, turn } = choose<Candidate>(request, asking, {
    one: (seq) => findOne(store, seq, asked),
    suspects: () =>
      [...carefulWork(store, asked, ordered, now), ...fresh.filter((one) => one.careful)].sort((a, b) => a.seq - b.seq),
    mayHaveCompany: ({ work, entry }) => !work && entry.deaths.length === 0,
    mayCare: () => ![...store.held.values()].some((hold) => hold.careful),
    due: () => dueWork(store, asked, ordered, now),
    fresh: () => fresh.filter((one) => !one.careful),
  })
  store.turn = turn
  return picked
}

/** This delivery, due or not. */
function findOne(store: MemoryStore, seq: number, asked: Asked): Candidate | null {
  const entry = store.at(seq)
  if (!entry || store.held.has(seq) || !asked.sources.has(entry.delivery.source)) return null
  if (!entry.passed) return store.own.length === 0 ? null : candidate(entry, false, entry.careful)
  const work = store.workOf(seq).filter(({ row }) => asked.handlers.has(row.handler))
  if (work.length === 0) return null
  return candidate(
    entry,
    true,
    work.some((one) => one.careful),
  )
}

/** Deliveries with due rows of the asked handlers, the longest due first; unread rows of one handler in order. */
function dueWork(store: MemoryStore, asked: Asked, ordered: readonly OrderedHandler[], now: number): Candidate[] {
  const rows = [...asked.handlers].flatMap((handler) => [...claimableOf(store, handler, ordered, asked.sources, now)])
  return longestDue(rows).map(({ seq }) => candidate(store.at(seq)!, true, false))
}

/** What was under claim when a process died, due again and in its turn. */
function carefulWork(store: MemoryStore, asked: Asked, ordered: readonly OrderedHandler[], now: number): Candidate[] {
  const stops = findStops(store, ordered, asked.sources, () => false)
  const mayBeClaimed = (work: Work) =>
    asked.handlers.has(work.row.handler) &&
    store.isOf(work.seq, asked.sources) &&
    isDue(store, work, now) &&
    !isTooEarly(work.seq, work.row, stops.get(work.row.handler))
  const works = [...store.work.values()].filter((work) => work.careful && mayBeClaimed(work))
  return [...new Set(works.map(({ seq }) => seq))].map((seq) => candidate(store.at(seq)!, true, true))
}

/** Deliveries whose first pass has not ended, in order of the log. */
function newDeliveries(store: MemoryStore, { sources }: Asked): Candidate[] {
  if (store.own.length === 0) return []
  const free = store.unpassed().filter(({ seq, delivery }) => !store.held.has(seq) && sources.has(delivery.source))
  return free.map((entry) => candidate(entry, false, entry.careful))
}

function candidate(entry: Entry, work: boolean, careful: boolean): Candidate {
  return { seq: entry.seq, entry, work, careful, bytes: entry.bytes }
}

/** Without the rows that come after one that is still to be read. `dueBy` null: due or not. */
function claimed(
  store: MemoryStore,
  candidate: Candidate,
  asked: Asked,
  dueBy: number | null,
  stops: ReadonlyMap<string, Stop>,
): readonly Work[] {
  const { seq } = candidate.entry
  const works = store
    .workOf(seq)
    .filter((work) => asked.handlers.has(work.row.handler) && (dueBy === null || isDue(store, work, dueBy)))
  const inPlace = works.sort((a, b) => a.row.first - b.row.first || a.row.id - b.row.id)
  return rowsWith(candidate, inPlace, stops)
}

function take(session: Session, { entry, careful }: Candidate, work: readonly Work[] | null): Claim | null {
  if (work?.length === 0) return null
  const { store } = session
  const rows = work?.map(({ row }) => row) ?? null
  const token = store.nextId()
  store.held.set(entry.seq, { token, holder: session, careful, rows: rows?.map(({ id }) => id) ?? null })
  if (entry.handlers === null) passOver(store, entry)
  entry.handlers ??= store.belonging()
  const quarantined = rows === null ? [] : store.quarantinedOf(entry)
  const { handlers, deaths } = entry
  const progress = store.progress.of(entry.seq, rows, store.now)
  return { token, delivery: toDelivery(entry), handlers, rows, careful, deaths, quarantined, progress }
}

/** Where all before it that were never claimed are of sources nobody asked for, it is fixed whose they are. */
function passOver(store: MemoryStore, { seq }: Entry): void {
  const before = store.unpassed().filter((entry) => entry.seq < seq && entry.handlers === null)
  const isPassedOver = ({ delivery }: Entry) => ![...store.sessions].some((one) => one.sources?.has(delivery.source))
  if (before.every(isPassedOver)) for (const entry of before) entry.handlers = store.belonging()
}

function unknownSources(store: MemoryStore, { handlers, sources }: Asked): string[] {
  const unpassed = store.unpassed().map(({ delivery }) => delivery.source)
  const works = [...store.work.values()].filter(({ row }) => handlers.has(row.handler))
  const all = [...unpassed, ...works.flatMap(({ seq }) => store.at(seq)?.delivery.source ?? [])]
  return [...new Set(all)].filter((source) => !sources.has(source))
}

function nextDueAt(store: MemoryStore, asked: Asked, now: number): number | null {
  const works = [...store.work.values()].filter(({ row }) => asked.handlers.has(row.handler) && row.dueAt > now)
  const times = works.filter((work) => store.stateOf(work) === 'waiting').map(({ row }) => row.dueAt)
  return times.length === 0 ? null : Math.min(...times)
}
