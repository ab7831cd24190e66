/** Dead letters and quarantine: made work again, or given up. */

import { sparseBody } from '../../json/tombstone.ts'
import type { RowIds } from '../../ports/inbox/operations.ts'
import { rowOfItem, rowOfLetter } from '../rules/again.ts'
import { DROPPED_AT } from '../rules/dropped.ts'
import { eventsIn } from '../rules/ranges.ts'
import { alter, type Entry } from './entry.ts'
import type { Dead, MemoryStore, Quarantined } from './store.ts'

/** The history of errors goes on; attempts begin anew. */
export function revive(store: MemoryStore, ids: RowIds, now: number): number {
  for (const { entry } of pick(store.dead, ids.dead)) restoreElements(store, entry)
  const { dead, quarantined } = take(store, ids)
  for (const letter of dead) reviveDeadLetter(store, letter, now)
  for (const item of quarantined) reviveQuarantine(store, item, now)
  return dead.length + quarantined.length
}

export function drop(store: MemoryStore, ids: RowIds): number {
  const { dead, quarantined } = take(store, ids)
  store.cancelled += dead.length + quarantined.length
  return dead.length + quarantined.length
}

/** Answers the number of events in the rows ended; what is done for a handler of this process goes on. */
export function endWork(store: MemoryStore, name: string, limit: number, dryRun: boolean): number {
  const handler = store.nameOf(name)
  if (store.own.includes(handler)) return 0
  const rows = [...store.work.values()].map(({ row }) => row).filter((row) => row.handler === handler)
  const ended = dryRun ? rows : rows.slice(0, limit)
  const events = eventsIn(ended)
  if (dryRun) return events
  for (const { id } of ended) store.endWork(id)
  store.cancelled += events
  if (store.seen.has(handler)) store.seen.set(handler, DROPPED_AT)
  return events
}

/** A delivery whose bytes were taken gets the elements back that its dead letters have kept. */
export function restoreElements(store: MemoryStore, entry: Entry): void {
  if (entry.kept !== 'none') return
  const letters = store.dead.filter((dead) => dead.entry === entry).map(({ letter }) => letter)
  const elements = new Map(letters.map(({ index, element }) => [index, element]))
  alter(entry, sparseBody(Math.max(0, ...letters.map(({ size }) => size)), elements))
}

/** Removes them from the store. */
function take(store: MemoryStore, ids: RowIds): { readonly dead: Dead[]; readonly quarantined: Quarantined[] } {
  const dead = pick(store.dead, ids.dead)
  const quarantined = pick(store.quarantined, ids.quarantined)
  store.dead = store.dead.filter((one) => !dead.includes(one))
  store.quarantined = store.quarantined.filter((one) => !quarantined.includes(one))
  return { dead, quarantined }
}

function pick<T extends { readonly id: number }>(rows: readonly T[], ids: readonly number[]): T[] {
  return [...new Set(ids)].flatMap((id) => rows.filter((row) => row.id === id))
}

function reviveDeadLetter(store: MemoryStore, { entry, letter }: Dead, now: number): void {
  store.addWork(entry.seq, { ...rowOfLetter(letter, now), errors: letter.errors })
}

function reviveQuarantine(store: MemoryStore, { entry, item }: Quarantined, now: number): void {
  for (const handler of entry.handlers ?? [])
    store.addWork(entry.seq, rowOfItem(handler, item.index, entry.events, now))
  entry.deaths = item.index === null ? [] : entry.deaths.filter((death) => death.index !== item.index)
}
