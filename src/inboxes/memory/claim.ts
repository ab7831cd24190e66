import { PARKED } from '../../lib/parked.ts'
import type { Claim, ClaimRequest, InOrder } from '../../ports/inbox/claims.ts'
import { pickInTurn } from '../rules/in-turn.ts'
import { pickSuspects } from '../rules/suspects.ts'
import { type Entry, toDelivery } from './entry.ts'
import type { Store, Work } from './store.ts'

interface Candidate {
  readonly entry: Entry
  /** null: its first pass. */
  readonly work: readonly Work[] | null
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
  const ordered = request.ordered ?? []
  const picked = pick(store, request, asked, now)
  const stops = stopsOf(store, request.seq === undefined ? ordered : [], picked, now)
  const claims = picked.flatMap((candidate) => take(store, inOrder(candidate, stops)) ?? [])
  const unread = ordered.map(({ handler }) => handler).filter((handler) => stops.get(handler)?.isUnread)
  return { claims, nextDueAt: nextDueAt(store, asked, now), unread }
}

function pick(store: Store, request: ClaimRequest, asked: Asked, now: number): readonly Candidate[] {
  if ([...store.held.values()].some((hold) => hold.careful)) return []
  if (request.seq !== undefined) return pickOne(store, findOne(store, request.seq, asked))
  if (request.maxDeliveries < 1) return []
  const due = dueWork(store, asked, request.ordered ?? [], now)
  const fresh = newDeliveries(store)
  const careful = [...due, ...fresh].filter((candidate) => candidate.careful)
  const mayHaveCompany = ({ work, entry }: Candidate) => work === null && entry.deaths.length === 0
  const bySeq = careful.sort((a, b) => a.entry.seq - b.entry.seq)
  const suspects = pickSuspects(bySeq, mayHaveCompany, request)
  if (suspects.length > 0) return store.held.size > 0 ? [] : suspects
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
  if (!entry.passed) return store.handlers.length === 0 ? undefined : candidate(entry, null)
  const work = store.workOf(seq).filter(({ row }) => asked.has(row.handler))
  return work.length === 0 ? undefined : candidate(entry, work)
}

/** Deliveries with due rows of the asked handlers, the longest due first; unread rows of one handler in order. */
function dueWork(store: Store, asked: Asked, ordered: readonly InOrder[], now: number): Candidate[] {
  const limits = limitsOf(store, ordered, now)
  const latest = new Map<string, number>()
  const dueAt = new Map<Work, number>()
  const bySeq = new Map<number, Work[]>()
  const works = [...store.work.values()].filter(({ seq, row }) => !store.held.has(seq) && row.dueAt <= now)
  for (const work of works.sort((a, b) => a.seq - b.seq)) {
    const { handler, dueAt: due } = work.row
    const limit = work.row.replay === null ? limits.get(handler) : undefined
    const unread = limit !== undefined && isUnread(work)
    if (!asked.has(handler) || (limit && work.seq >= (unread ? limit.unread : limit.keyed) && !work.careful)) continue
    dueAt.set(work, unread ? Math.max(due, latest.get(handler) ?? 0) : due)
    if (unread) latest.set(handler, dueAt.get(work)!)
    bySeq.set(work.seq, [...(bySeq.get(work.seq) ?? []), work])
  }
  const longestDue = ([, work]: [number, Work[]]) => Math.min(...work.map((one) => dueAt.get(one)!))
  return [...bySeq]
    .sort((a, b) => longestDue(a) - longestDue(b) || a[0] - b[0])
    .map(([seq, work]) => candidate(store.at(seq)!, work))
}

/** Deliveries whose first pass has not ended, in order of the log. */
function newDeliveries(store: Store): Candidate[] {
  if (store.handlers.length === 0) return []
  return store
    .unpassed()
    .filter((entry) => !store.held.has(entry.seq))
    .map((entry) => candidate(entry, null))
}

function candidate(entry: Entry, work: Work[] | null): Candidate {
  work?.sort((a, b) => a.row.first - b.row.first || a.row.id - b.row.id)
  const careful = work === null ? entry.careful : work.some((one) => one.careful)
  return { entry, work, careful, bytes: entry.bytes }
}

/** A first pass that was given back. */
function isReturned(store: Store, entry: Entry): boolean {
  return entry.handlers !== null && !store.held.has(entry.seq)
}

/** Replays go in no order. */
const isUnread = ({ row }: Work) => row.replay === null && (row.orderKey === undefined || row.orderKey === null)

/** The deliveries that ordered handlers may not have rows of yet, from these on. */
function limitsOf(store: Store, ordered: readonly InOrder[], now: number) {
  const waits = store.unpassed().some((entry) => isReturned(store, entry))
  const limits = new Map<string, { unread: number; keyed: number }>()
  for (const { handler, below } of ordered) {
    const from = waits ? 0 : below
    const free = freeUnread(store, handler, now)
    const held = free.filter(({ seq }) => store.held.has(seq)).map(({ seq }) => seq)
    const first = Math.min(...free.map(({ seq }) => seq))
    limits.set(handler, { unread: Math.min(from, ...held), keyed: Math.min(from, first + 1) })
  }
  return limits
}

/** Unread rows that are due and not under claim. */
function freeUnread(store: Store, handler: string, now: number): Work[] {
  const claimed = new Set([...store.held.values()].flatMap(({ rows }) => rows ?? []))
  const works = [...store.work.values()].filter((work) => work.row.handler === handler && isUnread(work))
  return works.filter(({ row }) => row.dueAt <= now && !claimed.has(row.id))
}

/** How far the rows of an ordered handler go that may be claimed now, and whether unread ones are left then. */
interface Stop {
  readonly last: number
  readonly isUnread: boolean
}

/** Beyond what is picked, unread rows stop each ordered handler that are neither under claim nor picked. */
function stopsOf(store: Store, ordered: readonly InOrder[], picked: readonly Candidate[], now: number) {
  const free = new Set(picked.filter(({ work }) => work !== null).map(({ entry }) => entry.seq))
  const waits = store.unpassed().some((entry) => isReturned(store, entry))
  const stops = ordered.map(({ handler, below }): [string, Stop] => {
    const left = freeUnread(store, handler, now).filter(({ seq }) => !free.has(seq))
    const last = waits ? 0 : Math.min(below - 1, ...left.map(({ seq }) => seq))
    return [handler, { last, isUnread: left.length > 0 }]
  })
  return new Map(stops)
}

/** Without the rows that come after one that is still to be read. */
function inOrder(candidate: Candidate, stops: ReadonlyMap<string, Stop>): Candidate {
  const isTooEarly = ({ seq, row, careful }: Work) =>
    !careful && row.replay === null && seq > (stops.get(row.handler)?.last ?? seq)
  return { ...candidate, work: candidate.work?.filter((work) => !isTooEarly(work)) ?? null }
}

function take(store: Store, { entry, work, careful }: Candidate): Claim | null {
  if (work?.length === 0) return null
  const rows = work?.map(({ row }) => row) ?? null
  store.held.set(entry.seq, { careful, rows: rows?.map(({ id }) => id) ?? null })
  entry.handlers ??= store.handlers
  const quarantined = rows === null ? [] : store.quarantinedOf(entry)
  return { delivery: toDelivery(entry), handlers: entry.handlers, rows, careful, deaths: entry.deaths, quarantined }
}

function nextDueAt(store: Store, asked: Asked, now: number): number | null {
  let next: number | null = null
  for (const { row } of store.work.values())
    if (asked.has(row.handler) && row.dueAt > now && row.dueAt < (next ?? PARKED)) next = row.dueAt
  return next
}
