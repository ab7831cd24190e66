/** Dead letters and quarantine: made work again, or given up. */

import { sparseBody } from '../../json/tombstone.ts'
import type { RowIds } from '../../ports/inbox/operations.ts'
import type { NewWorkRow } from '../../ports/inbox/rows.ts'
import { alter, type Entry } from './entry.ts'
import type { Dead, Quarantined, Store } from './store.ts'

/** More elements no delivery has: stands for all of them where nobody could count them. */
const MOST_ELEMENTS = 1_000_000

/** The history of errors goes on; attempts begin anew. */
export function revive(store: Store, ids: RowIds, now: number): number {
  for (const { entry } of pick(store.dead, ids.dead)) restoreElements(store, entry)
  const { dead, quarantined } = take(store, ids)
  for (const letter of dead) reviveDeadLetter(store, letter, now)
  for (const item of quarantined) reviveQuarantine(store, item, now)
  return dead.length + quarantined.length
}

export function drop(store: Store, ids: RowIds): number {
  const { dead, quarantined } = take(store, ids)
  store.cancelled += dead.length + quarantined.length
  return dead.length + quarantined.length
}

/** A delivery whose bytes were taken gets the elements back that its dead letters have kept. */
export function restoreElements(store: Store, entry: Entry): void {
  if (entry.kept !== 'none') return
  const letters = store.dead.filter((dead) => dead.entry === entry).map(({ letter }) => letter)
  const elements = new Map(letters.map(({ index, element }) => [index, element]))
  alter(entry, sparseBody(Math.max(0, ...letters.map(({ size }) => size)), elements))
}

/** Removes them from the store. */
function take(store: Store, ids: RowIds): { readonly dead: Dead[]; readonly quarantined: Quarantined[] } {
  const dead = pick(store.dead, ids.dead)
  const quarantined = pick(store.quarantined, ids.quarantined)
  store.dead = store.dead.filter((one) => !dead.includes(one))
  store.quarantined = store.quarantined.filter((one) => !quarantined.includes(one))
  return { dead, quarantined }
}

function pick<T extends { readonly id: number }>(rows: readonly T[], ids: readonly number[]): T[] {
  return [...new Set(ids)].flatMap((id) => rows.filter((row) => row.id === id))
}

function reviveDeadLetter(store: Store, { entry, letter }: Dead, now: number): void {
  const { handler, index, errors, run } = letter
  const replay = run === null ? null : { run, name: null, unhandled: false }
  store.addWork(entry.seq, { ...again(handler, index, index, now), errors, replay })
}

function reviveQuarantine(store: Store, { entry, item }: Quarantined, now: number): void {
  const last = item.index ?? Math.max(entry.events ?? MOST_ELEMENTS, 1) - 1
  for (const handler of entry.handlers ?? []) store.addWork(entry.seq, again(handler, item.index ?? 0, last, now))
  entry.deaths = item.index === null ? [] : entry.deaths.filter((death) => death.index !== item.index)
}

function again(handler: string, first: number, last: number, now: number): NewWorkRow {
  return { handler, first, last, attempts: 0, dueAt: now, errors: [], replay: null }
}
