/**
 * Rows of handlers with `orderBy`, as the file stores them. The rules are those of `rules/order.ts`.
 */
import type { OrderedHandler, OrderKey } from '../../../../ports/inbox/claims.ts'
import type { InboxOpening } from '../../../../ports/inbox/opening.ts'
import { claimable, type Due, limitOf, type Stop, stopAt, toWake, type Unread } from '../../../rules/order.ts'
import { ordersOf } from '../../../rules/renames.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { hasReturned } from '../ledger/passes.ts'
import type { AskedSources } from './sources.ts'

interface RowOfKey {
  readonly id: number
  readonly seq: number
  readonly isParked: boolean
}

/**
 * Where `orderBy` of a handler came or went: makes its rows unread, or takes their keys. Before renames and
 * `noteOrder`.
 */
export function keepOrder(db: Database, handlers: InboxOpening['handlers'], now: number): void {
  for (const [name, ordered] of ordersOf(handlers)) {
    if (hasOrder(db, name) === ordered) continue
    if (ordered) db.run(sql.orderRows, name)
    else db.run(sql.unorderRows, now, name)
  }
}

/** Notes which handlers have `orderBy`, once they are registered. */
export function noteOrder(db: Database, handlers: InboxOpening['handlers']): void {
  for (const { name, ordered = false } of handlers) db.run(sql.setOrdered, ordered ? 1 : 0, name)
}

export const hasOrder = (db: Database, handler: string): boolean =>
  db.get<{ ordered: number }>(sql.isOrdered, handler)?.ordered === 1

/** The order keys of stored rows. */
export function findStoredKeys(db: Database): OrderKey[] {
  return db.all<OrderKey>(sql.findStoredKeys).map(({ handler, key }) => ({ handler, key }))
}

/** Returns the keys that have rows. `begin` begins the transaction where none is open. */
export function wakeKeys(
  db: Database,
  keys: readonly OrderKey[],
  atMost: number,
  now: number,
  begin: () => void,
): OrderKey[] {
  return keys.filter((key) => {
    const rows = firstOf(db, key, atMost)
    const woken = toWake(rows, atMost)
    if (woken.length > 0) begin()
    for (const { id } of woken) db.run(sql.wakeRow, now, id)
    return rows.length > 0
  })
}

/**
 * Called before the rows of a delivery, or one of them, are removed without a settlement: `freed` is told their keys.
 */
export function noteFreed(db: Database, draft: Ledger, seq: number, row: number | null = null): void {
  const keys = row === null ? db.all<OrderKey>(sql.findKeysOf, seq) : db.all<OrderKey>(sql.findKeyOfRow, row)
  for (const { handler, key } of keys) draft.freed.push({ handler, key })
}

function firstOf(db: Database, { handler, key }: OrderKey, most: number): RowOfKey[] {
  const rows = db.all<{ id: number; seq: number; waits_for: string }>(sql.findFirstOfKey, handler, key, most)
  return rows.map(({ id, seq, waits_for }) => ({ id, seq, isParked: waits_for === 'turn' }))
}

/** Rows of an ordered handler that may be claimed now. */
export function findClaimable(db: Database, draft: Ledger, one: OrderedHandler, sources: AskedSources, now: number) {
  const leaveOut = JSON.stringify([...draft.held.keys()])
  const due = db.iterate<{ seq: number; due_at: number; has_key: number }>(
    sql.findDueInOrder,
    one.handler,
    now,
    leaveOut,
  )
  const claimBefore = limitOf(
    one,
    hasReturned(draft, (seq) => sources.has(seq)),
  )
  return claimable(unreadOf(db, one.handler, sources), map(due, toDue), claimBefore, (seq) => draft.held.has(seq))
}

/** Where each ordered handler of the request stops: its first unread row that is neither claimed nor in this pick. */
export function findStops(
  db: Database,
  draft: Ledger,
  ordered: readonly OrderedHandler[],
  sources: AskedSources,
  isPicked: (one: Unread, handler: string) => boolean,
): Map<string, Stop> {
  const isReturned = () => hasReturned(draft, (seq) => sources.has(seq))
  const stopOf = (one: OrderedHandler) =>
    stopAt(unreadOf(db, one.handler, sources), limitOf(one, isReturned()), (row) => isPicked(row, one.handler))
  return new Map(ordered.map((one) => [one.handler, stopOf(one)]))
}

function* unreadOf(db: Database, handler: string, sources: AskedSources): Generator<Unread> {
  const rows = db.iterate<{ seq: number; due_at: number; claimed: number; careful: number }>(sql.findUnread, handler)
  for (const { seq, due_at, claimed, careful } of rows)
    if (claimed === 1 || sources.has(seq))
      yield { seq, dueAt: due_at, isClaimed: claimed === 1, isCareful: careful === 1 }
}

const toDue = ({ seq, due_at, has_key }: { seq: number; due_at: number; has_key: number }): Due => ({
  seq,
  dueAt: due_at,
  hasKey: has_key === 1,
})

function* map<A, B>(items: Iterable<A>, to: (item: A) => B): Generator<B> {
  for (const item of items) yield to(item)
}
