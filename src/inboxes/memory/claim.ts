import type { Claim, ClaimRequest } from '../../core/ports.ts'
import { pickInTurn } from '../../lib/in-turn.ts'
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
): { claims: readonly Claim[]; nextDueAt: number | null } {
  const asked = new Set(request.handlers)
  const claims = pick(store, request, asked, now).map((candidate) => take(store, candidate))
  return { claims, nextDueAt: nextDueAt(store, asked, now) }
}

function pick(store: Store, request: ClaimRequest, asked: Asked, now: number): readonly Candidate[] {
  if ([...store.held.values()].some((hold) => hold.careful)) return []
  if (request.seq !== undefined) return alone(store, findOne(store, request.seq, asked))
  if (request.maxDeliveries < 1) return []
  const due = dueWork(store, asked, now)
  const fresh = newDeliveries(store)
  const suspects = [...due, ...fresh].filter((candidate) => candidate.careful)
  const first = suspects.sort((a, b) => a.entry.seq - b.entry.seq)[0]
  if (first) return alone(store, first)
  const { picked, turn } = pickInTurn([due, fresh], store.turn, request)
  store.turn = turn
  return picked
}

/** What is to be handled with care is given when nothing else is under claim. */
function alone(store: Store, one: Candidate | undefined): Candidate[] {
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

/** Deliveries with due rows of the asked handlers, the longest due first. */
function dueWork(store: Store, asked: Asked, now: number): Candidate[] {
  const bySeq = new Map<number, Work[]>()
  for (const work of store.work.values()) {
    if (store.held.has(work.seq) || !asked.has(work.row.handler) || work.row.dueAt > now) continue
    const others = bySeq.get(work.seq)
    if (others) others.push(work)
    else bySeq.set(work.seq, [work])
  }
  const longestDue = ([, work]: [number, Work[]]) => Math.min(...work.map(({ row }) => row.dueAt))
  return [...bySeq]
    .sort((a, b) => longestDue(a) - longestDue(b) || a[0] - b[0])
    .map(([seq, work]) => candidate(store.at(seq)!, work))
}

/** Deliveries whose first pass has not ended, in order of the log. */
function newDeliveries(store: Store): Candidate[] {
  if (store.handlers.length === 0) return []
  return store.entries
    .filter((entry) => !entry.passed && !store.held.has(entry.seq))
    .map((entry) => candidate(entry, null))
}

function candidate(entry: Entry, work: Work[] | null): Candidate {
  work?.sort((a, b) => a.row.first - b.row.first || a.row.id - b.row.id)
  const careful = work === null ? entry.careful : work.some((one) => one.careful)
  return { entry, work, careful, bytes: entry.bytes }
}

function take(store: Store, { entry, work, careful }: Candidate): Claim {
  const rows = work?.map(({ row }) => row) ?? null
  store.held.set(entry.seq, { careful, rows: rows?.map(({ id }) => id) ?? null })
  entry.handlers ??= store.handlers
  return { delivery: toDelivery(entry), handlers: entry.handlers, rows, careful, deaths: entry.deaths }
}

function nextDueAt(store: Store, asked: Asked, now: number): number | null {
  let next: number | null = null
  for (const { row } of store.work.values())
    if (asked.has(row.handler) && row.dueAt > now && (next === null || row.dueAt < next)) next = row.dueAt
  return next
}
