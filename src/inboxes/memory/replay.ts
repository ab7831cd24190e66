/** Replays: their work rows made and taken back, and what they are made of. */

import { PosthornError } from '../../errors.ts'
import type { ReplayRow } from '../../ports/inbox/operations.ts'
import type { EventProgress, HistoryPage, HistoryRow } from '../../ports/inbox/records.ts'
import type { ReplayMark, WorkRow } from '../../ports/inbox/rows.ts'
import { eventsIn } from '../rules/ranges.ts'
import type { Entry } from './entry.ts'
import { restoreElements } from './revive.ts'
import type { MemoryStore, Work } from './store.ts'

/** Answers the number of rows made. */
export function replay(store: MemoryStore, mark: ReplayMark, rows: readonly ReplayRow[], now: number): number {
  if (isCancelled(store, mark.run))
    throw new PosthornError('ERR_REPLAY_CANCELLED', `The replay ${mark.run} was cancelled.`)
  const found = rows.filter(({ seq }) => hasElements(store, store.at(seq)))
  for (const { seq, handler, first, last } of found)
    store.addWork(seq, {
      handler: store.nameOf(handler),
      first,
      last,
      attempts: 0,
      dueAt: now,
      errors: [],
      replay: mark,
    })
  return found.length
}

/** Whether its first pass has ended, and it has its bytes or those that its dead letters can give back. */
function hasElements(store: MemoryStore, entry: Entry | undefined): boolean {
  if (!entry?.passed) return false
  if (!entry.taken) return true
  if (!store.dead.some((dead) => dead.entry === entry)) return false
  restoreElements(store, entry)
  return true
}

/** Answers the number of events in the rows taken. */
export function cancel(store: MemoryStore, run: string, limit: number): number {
  store.cancelledRuns.add(run)
  const free = [...store.work.values()].filter((work) => work.row.replay?.run === run && !isHeld(store, work))
  const taken = free.slice(0, limit)
  for (const { row } of taken) store.endWork(row.id)
  return eventsIn(taken.map(({ row }) => row))
}

/** What was under claim when a replay was cancelled, and was given back, is not taken up again by the next process. */
export function sweepCancelled(store: MemoryStore): void {
  for (const run of store.cancelledRuns) cancel(store, run, Number.POSITIVE_INFINITY)
}

/** `run` is null for what belongs to no replay. */
export function isCancelled(store: MemoryStore, run: string | null): boolean {
  return run !== null && store.cancelledRuns.has(run)
}

export function replays(store: MemoryStore): Record<string, number> {
  const events: Record<string, number> = {}
  for (const { row } of store.work.values())
    if (row.replay !== null) events[row.replay.run] = (events[row.replay.run] ?? 0) + eventsIn([row])
  return events
}

export function history(store: MemoryStore, page: HistoryPage): HistoryRow[] {
  return store.entries
    .filter((entry) => entry.passed && !entry.taken && matches(entry, page))
    .slice(0, page.limit)
    .map(toRow)
}

export function progress(store: MemoryStore, deliveryId: string, index: number): EventProgress | null {
  const entry = store.latest(deliveryId)
  if (entry === undefined) return null
  const dead = store.dead.filter((one) => one.entry === entry && one.letter.index === index)
  const quarantined = store.quarantinedOf(entry)
  return {
    passed: entry.passed,
    handlers: entry.handlers ?? [],
    rows: rowsOver(store, entry, index),
    dead: dead.map(({ letter }) => ({ handler: letter.handler, attempts: letter.attempts })),
    quarantined: quarantined.includes(index) ? 'element' : quarantined.includes(null) ? 'delivery' : null,
  }
}

function rowsOver(store: MemoryStore, { seq }: Entry, index: number): WorkRow[] {
  const rows = store.workOf(seq).map(({ row }) => row)
  return rows.filter(({ first, last }) => first <= index && index <= last).sort((a, b) => a.id - b.id)
}

function matches({ seq, delivery }: Entry, { after, source, since, until, deliveryId }: HistoryPage): boolean {
  if (seq <= after) return false
  if (source !== undefined && delivery.source !== source) return false
  if (deliveryId !== undefined && delivery.id !== deliveryId) return false
  if (since !== undefined && delivery.receivedAt < since) return false
  return until === undefined || delivery.receivedAt < until
}

function toRow({ seq, delivery, events, handlers }: Entry): HistoryRow {
  const { id, source, receivedAt } = delivery
  return { seq, id, source, receivedAt, events, handlers: handlers ?? [] }
}

const isHeld = (store: MemoryStore, { seq, row }: Work) => store.held.get(seq)?.rows?.includes(row.id) ?? false
