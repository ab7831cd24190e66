/** Rows of handlers that get their events in order. The rules are those of `rules/order.ts`. */
import type { OrderedHandler, OrderKey } from '../../ports/inbox/claims.ts'
import type { InboxOpening } from '../../ports/inbox/opening.ts'
import type { NewWorkRow } from '../../ports/inbox/rows.ts'
import { claimable, type Due, isDueIn, limitOf, type Stop, stopAt, toWake, type Unread } from '../rules/order.ts'
import { ordersOf } from '../rules/renames.ts'
import type { MemoryStore, Work } from './store.ts'

/**
 * At the opening, before rows are renamed: rows of handlers that have an order now are unread, those of handlers without
 * one keep none.
 */
export function keepOrder(store: MemoryStore, { handlers, clock }: InboxOpening): void {
  for (const [name, ordered] of ordersOf(handlers)) {
    if (store.ordered.has(name) === ordered) continue
    if (ordered) store.ordered.add(name)
    const change = ordered ? toUnread : (row: NewWorkRow) => toWaiting(row, clock.now())
    for (const [id, work] of store.work)
      if (work.row.handler === name) store.work.set(id, { ...work, row: { ...change(work.row), id } })
    if (!ordered) store.ordered.delete(name)
  }
}

function toUnread(row: NewWorkRow): NewWorkRow {
  return row.orderKey === null && row.replay === null ? { ...row, orderKey: undefined } : row
}

function toWaiting(row: NewWorkRow, now: number): NewWorkRow {
  const dueAt = row.parked || row.orderKey === undefined ? now : row.dueAt
  return { ...row, orderKey: null, parked: false, dueAt }
}

/** Keys that rows are stored under. */
export function storedKeys(store: MemoryStore): OrderKey[] {
  const keys = new Map<string, OrderKey>()
  for (const { row } of store.work.values())
    if (typeof row.orderKey === 'number')
      keys.set(`${row.orderKey} ${row.handler}`, { handler: row.handler, key: row.orderKey })
  return [...keys.values()]
}

/** False: it has no rows. */
export function wake(store: MemoryStore, { handler, key }: OrderKey, atMost: number, now: number): boolean {
  const works = worksOf(store, ({ row }) => row.handler === handler && row.orderKey === key)
  const rows = works.map((work) => ({ seq: work.seq, isParked: store.stateOf(work) === 'parked', work }))
  for (const { work } of toWake(rows, atMost))
    store.work.set(work.row.id, { ...work, row: { ...work.row, parked: false, dueAt: now } })
  return rows.length > 0
}

/** Whether it may be claimed by its own state. */
export function isDue(store: MemoryStore, work: Work, now: number): boolean {
  return isDueIn(store.stateOf(work), work.row.dueAt, now)
}

/** Rows of the handler that may be claimed now. */
export function claimableOf(
  store: MemoryStore,
  handler: string,
  ordered: readonly OrderedHandler[],
  sources: ReadonlySet<string>,
  now: number,
) {
  const order = ordered.find((one) => one.handler === handler)
  const isHeld = (seq: number) => store.held.has(seq)
  const due = dueOf(store, handler, now).filter(({ seq }) => !isHeld(seq) && store.isOf(seq, sources))
  return order === undefined
    ? due
    : claimable(unreadOf(store, handler, sources), due, limitOf(order, hasReturned(store, sources)), isHeld)
}

/** Where each stops that was asked for. */
export function findStops(
  store: MemoryStore,
  ordered: readonly OrderedHandler[],
  sources: ReadonlySet<string>,
  isPicked: (one: Unread, handler: string) => boolean,
): Map<string, Stop> {
  const claimBefore = (one: OrderedHandler) => limitOf(one, hasReturned(store, sources))
  const unread = ({ handler }: OrderedHandler) => unreadOf(store, handler, sources)
  const stopOf = (one: OrderedHandler) => stopAt(unread(one), claimBefore(one), (row) => isPicked(row, one.handler))
  return new Map(ordered.map((one) => [one.handler, stopOf(one)]))
}

/** A first pass was given back that could be claimed. */
export function hasReturned(store: MemoryStore, sources: ReadonlySet<string>): boolean {
  return store
    .unpassed()
    .some(({ handlers, seq, delivery }) => handlers !== null && !store.held.has(seq) && sources.has(delivery.source))
}

function unreadOf(store: MemoryStore, handler: string, sources: ReadonlySet<string>): Unread[] {
  const claimed = new Set([...store.held.values()].flatMap(({ rows }) => rows ?? []))
  const isUnread = (work: Work) => work.row.handler === handler && store.stateOf(work) === 'unread'
  const works = worksOf(store, (work) => isUnread(work) && store.isOf(work.seq, sources))
  return works.map(({ seq, row, careful }) => ({
    seq,
    dueAt: row.dueAt,
    isClaimed: claimed.has(row.id),
    isCareful: careful,
  }))
}

function dueOf(store: MemoryStore, handler: string, now: number): Due[] {
  const isIt = (work: Work) =>
    work.row.handler === handler && store.stateOf(work) === 'waiting' && work.row.dueAt <= now
  const works = worksOf(store, isIt).sort((a, b) => a.row.dueAt - b.row.dueAt || a.seq - b.seq)
  return works.map(({ seq, row }) => ({ seq, dueAt: row.dueAt, hasKey: typeof row.orderKey === 'number' }))
}

/** In the order of the log. */
function worksOf(store: MemoryStore, isIt: (work: Work) => boolean): Work[] {
  return [...store.work.values()].filter(isIt).sort((a, b) => a.seq - b.seq || a.row.first - b.row.first)
}
