/** Rows of handlers that get their events in order. */

import { PARKED } from '../../lib/parked.ts'
import type { OrderKey } from '../../ports/inbox/claims.ts'
import type { InboxOpening } from '../../ports/inbox/opening.ts'
import type { Store, Work } from './store.ts'

/** At the opening: rows of handlers without an order keep none. */
export function keepOrder(store: Store, { handlers, clock }: InboxOpening): void {
  const unordered = new Set(handlers.filter(({ ordered }) => ordered !== true).map(({ name }) => name))
  const now = clock.now()
  for (const [id, { row, ...work }] of store.work)
    if (unordered.has(row.handler) && typeof row.orderKey === 'number')
      store.work.set(id, { ...work, row: { ...row, orderKey: null, dueAt: row.dueAt === PARKED ? now : row.dueAt } })
}

/** Keys that rows are stored under. */
export function heldKeys(store: Store): OrderKey[] {
  const keys = new Map<string, OrderKey>()
  for (const { row } of store.work.values())
    if (typeof row.orderKey === 'number')
      keys.set(`${row.orderKey} ${row.handler}`, { handler: row.handler, key: row.orderKey })
  return [...keys.values()]
}

/**
 * Makes the first rows of a key due that wait for nothing before them: of its first delivery only, since another may be
 * under claim for other work. False: it has no rows.
 */
export function wake(store: Store, key: OrderKey, atMost: number, now: number): boolean {
  const rows = rowsOf(store, key)
  const [first] = rows
  if (first === undefined) return false
  if (first.row.dueAt !== PARKED) return true
  for (const work of rows.filter(({ seq }) => seq === first.seq).slice(0, atMost))
    if (work.row.dueAt === PARKED) store.work.set(work.row.id, { ...work, row: { ...work.row, dueAt: now } })
  return true
}

function rowsOf(store: Store, { handler, key }: OrderKey): Work[] {
  const rows = [...store.work.values()].filter(({ row }) => row.handler === handler && row.orderKey === key)
  return rows.sort((a, b) => a.seq - b.seq || a.row.first - b.row.first)
}
