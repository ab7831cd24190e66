/** Rows of handlers that get their events in order. */

import { PARKED } from '../../../../lib/parked.ts'
import type { InOrder, OrderKey } from '../../../../ports/inbox/claims.ts'
import type { InboxOpening } from '../../../../ports/inbox/opening.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { hasReturned } from '../ledger/passes.ts'
import type { Candidate } from './candidate.ts'

const EVER = Number.MAX_SAFE_INTEGER

export interface DueRow {
  readonly seq: number
  readonly due_at: number
}

interface Unread extends DueRow {
  readonly claimed: number
}

/** At the opening of a process, in a transaction. */
export function keepOrder(db: Database, handlers: InboxOpening['handlers'], now: number): void {
  for (const { name, ordered = false } of handlers) {
    db.run(sql.setOrdered, ordered ? 1 : 0, name)
    if (ordered) db.run(sql.orderRows, name)
    else db.run(sql.unorderRows, PARKED, now, name)
  }
}

/** Keys that rows are stored under. */
export function findHeldKeys(db: Database): OrderKey[] {
  return db.all<OrderKey>(sql.findHeldKeys).map(({ handler, key }) => ({ handler, key }))
}

/** In a transaction of its own where something is to be written. */
export function wakeKeys(db: Database, keys: readonly OrderKey[], atMost: number, now: number): OrderKey[] {
  const left = keys.filter((key) => findFirst(db, key) !== undefined)
  const parked = left.filter((key) => findFirst(db, key)?.due_at === PARKED)
  if (parked.length === 0) return left
  db.exec('BEGIN IMMEDIATE')
  for (const key of parked) wakeKey(db, key, atMost, now)
  db.exec('COMMIT')
  return left
}

/**
 * Makes the first rows of a key due when they wait for nothing before them: those of its first delivery only, since
 * another may be under claim for other work.
 */
function wakeKey(db: Database, key: OrderKey, atMost: number, now: number): void {
  const first = findFirst(db, key)
  if (first?.due_at === PARKED) db.run(sql.wakeRows, now, key.handler, key.key, first.seq, PARKED, atMost)
}

function findFirst(db: Database, { handler, key }: OrderKey): DueRow | undefined {
  return db.get<DueRow>(sql.findFirstOfKey, handler, key)
}

/**
 * Rows of an ordered handler that may be claimed now, as far as it goes: unread ones in the order of the log, up to the
 * first whose delivery is under claim for something else, and due no earlier than those before them; then those with
 * keys, the longest due first.
 */
export function* findInOrder(
  db: Database,
  { held }: Ledger,
  { handler, below }: InOrder,
  now: number,
): Generator<DueRow> {
  let [due_at, first] = [0, Number.POSITIVE_INFINITY]
  for (const row of db.iterate<Unread>(sql.findUnread, handler, now)) {
    if (row.claimed === 1) continue
    first = Math.min(first, row.seq)
    if (held.has(row.seq) || row.seq >= below) break
    due_at = Math.max(due_at, row.due_at)
    yield { seq: row.seq, due_at }
  }
  const leaveOut = JSON.stringify([...held.keys()])
  for (const row of db.iterate<DueRow>(sql.findDueWithKey, handler, now, leaveOut))
    if (row.seq < below && row.seq <= first) yield row
}

/** How far the rows of an ordered handler go that may be claimed now, and whether unread ones are left then. */
export interface Stop {
  /** The last delivery, by `seq`. */
  readonly last: number
  readonly isUnread: boolean
}

/** Beyond what is picked, unread rows stop each ordered handler that are neither under claim nor picked. */
export function findStops(
  db: Database,
  draft: Ledger,
  ordered: readonly InOrder[],
  picked: readonly Candidate[],
  now: number,
): Map<string, Stop> {
  const free = new Set(picked.filter(({ work }) => work).map(({ seq }) => seq))
  const waits = ordered.length > 0 && hasReturned(draft)
  const stops = ordered.map(({ handler, below }): [string, Stop] => {
    const unread = findFirstUnread(db, handler, free, now)
    return [handler, { last: waits ? 0 : Math.min(below - 1, unread ?? EVER), isUnread: unread !== null }]
  })
  return new Map(stops)
}

function findFirstUnread(db: Database, handler: string, free: ReadonlySet<number>, now: number): number | null {
  for (const { seq, claimed } of db.iterate<Unread>(sql.findUnread, handler, now))
    if (claimed !== 1 && !free.has(seq)) return seq
  return null
}
