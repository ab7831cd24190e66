import type { Claim, InboxPort, WorkRow } from '../../core/ports.ts'
import { pickInTurn } from '../../lib/in-turn.ts'
import { type Entry, toDelivery } from './entry.ts'
import type { Store } from './store.ts'

export type ClaimRequest = Parameters<InboxPort['claim']>[0]

interface Candidate {
  readonly entry: Entry
  readonly rows: readonly WorkRow[] | null
  readonly bytes: number
}

export function claim(
  store: Store,
  request: ClaimRequest,
  now: number,
): { claims: readonly Claim[]; nextDueAt: number | null } {
  const asked = new Set(request.handlers)
  const { picked, turn } = pickInTurn([dueWork(store, asked, now), newDeliveries(store, asked)], store.turn, request)
  store.turn = turn
  return { claims: picked.map((candidate) => take(store, candidate)), nextDueAt: nextDueAt(store, asked, now) }
}

/** Deliveries with due rows of the asked handlers, the longest due first. */
function dueWork(store: Store, asked: ReadonlySet<string>, now: number): Candidate[] {
  const bySeq = new Map<number, WorkRow[]>()
  for (const { seq, row } of store.work.values()) {
    if (store.held.has(seq) || !asked.has(row.handler) || row.dueAt > now) continue
    const rows = bySeq.get(seq)
    if (rows) rows.push(row)
    else bySeq.set(seq, [row])
  }
  const longestDue = ([, rows]: [number, WorkRow[]]) => Math.min(...rows.map((row) => row.dueAt))
  return [...bySeq]
    .sort((a, b) => longestDue(a) - longestDue(b) || a[0] - b[0])
    .map(([seq, rows]) =>
      candidate(
        store.at(seq)!,
        rows.sort((a, b) => a.first - b.first || a.id - b.id),
      ),
    )
}

/** Deliveries whose first pass has not ended, in order of the log. */
function newDeliveries(store: Store, asked: ReadonlySet<string>): Candidate[] {
  if (asked.size === 0 || store.handlers.length === 0) return []
  return store.entries
    .filter((entry) => !entry.passed && !store.held.has(entry.seq))
    .map((entry) => candidate(entry, null))
}

function candidate(entry: Entry, rows: readonly WorkRow[] | null): Candidate {
  return { entry, rows, bytes: entry.delivery.body.byteLength }
}

function take(store: Store, { entry, rows }: Candidate): Claim {
  store.held.add(entry.seq)
  entry.handlers ??= store.handlers
  return { delivery: toDelivery(entry), handlers: entry.handlers, rows }
}

function nextDueAt(store: Store, asked: ReadonlySet<string>, now: number): number | null {
  let next: number | null = null
  for (const { row } of store.work.values())
    if (asked.has(row.handler) && row.dueAt > now && (next === null || row.dueAt < next)) next = row.dueAt
  return next
}
