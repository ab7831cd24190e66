/** Taking elements out of stored deliveries, with all that was made of them. */

import { isDeepStrictEqual } from 'node:util'
import { emptiedBody, withoutElements } from '../../json/tombstone.ts'
import { createCut } from '../../lib/cut-address.ts'
import type { OrderKey } from '../../ports/inbox/claims.ts'
import type { Erased, Erasure } from '../../ports/inbox/operations.ts'
import { leftOf } from '../rules/ranges.ts'
import { alter, type Entry } from './entry.ts'
import type { MemoryStore } from './store.ts'

/** With the keys of the work rows that ended. */
export function erase(
  store: MemoryStore,
  erasures: readonly Erasure[],
): { readonly report: Erased; readonly freed: readonly OrderKey[] } {
  const before = new Map(store.work)
  const busy: number[] = []
  let erased = 0
  for (const { seq, indices } of erasures) {
    const entry = store.at(seq)
    if (store.held.has(seq)) busy.push(seq)
    else if (entry) erased += indices === null ? eraseWhole(store, entry) : eraseElements(store, entry, indices)
  }
  store.erased += erased
  const ended = [...before].filter(([id]) => !store.work.has(id)).map(([, { row }]) => row)
  const freed = ended.flatMap(({ handler, orderKey }) =>
    typeof orderKey === 'number' ? [{ handler, key: orderKey }] : [],
  )
  return { report: { erased, busy }, freed }
}

function eraseWhole(store: MemoryStore, entry: Entry): number {
  const hadBytes = entry.kept !== 'none'
  if (hadBytes) alter(entry, emptiedBody())
  const letters = forget(store, entry, () => true)
  for (const [id, { seq }] of store.work) if (seq === entry.seq) store.work.delete(id)
  store.progress.endAll(entry.seq)
  return hadBytes ? 1 : letters
}

function eraseElements(store: MemoryStore, entry: Entry, indices: readonly number[]): number {
  const altered = entry.kept === 'none' ? null : withoutElements(entry.delivery.body, indices)
  if (altered && altered.erased > 0) alter(entry, altered.body)
  const letters = forget(store, entry, (index) => index !== null && indices.includes(index))
  const gone = new Set(indices)
  store.progress.erase(entry.seq, gone)
  endWork(store, entry, gone)
  return altered ? altered.erased : letters
}

/** Answers how many elements had a dead letter. */
function forget(store: MemoryStore, entry: Entry, isIt: (index: number | null) => boolean): number {
  const letters = store.dead.filter((dead) => dead.entry === entry && isIt(dead.letter.index))
  store.dead = store.dead.filter((dead) => !letters.includes(dead))
  store.quarantined = store.quarantined.filter((one) => one.entry !== entry || !isIt(one.item.index))
  entry.deaths = entry.deaths.filter(({ index }) => !isIt(index))
  return new Set(letters.map(({ letter }) => letter.index)).size
}

/** Rows with nothing else in them end; longer ones go on without these elements, and without what was said of any. */
function endWork(store: MemoryStore, { seq }: Entry, erased: ReadonlySet<number>): void {
  for (const [id, work] of store.work) {
    const left = work.seq === seq ? leftOf(work.row, erased) : 'untouched'
    if (left === 'ended') store.endWork(id)
    if (left === 'shrunk') store.work.set(id, { ...work, row: { ...work.row, errors: [] } })
  }
}

/** Takes an address out of all stored errors. Answers whether rows that are being worked on hold it. */
export function cutErrors(store: MemoryStore, email: string): boolean {
  const cut = createCut(email)
  store.dead = store.dead.map((dead) => ({ ...dead, letter: { ...dead.letter, errors: cut(dead.letter.errors) } }))
  let busy = store.progress.cutErrors((seq) => store.held.has(seq), cut)
  for (const [id, work] of store.work) {
    const errors = cut(work.row.errors)
    if (isDeepStrictEqual(errors, work.row.errors)) continue
    if (store.held.has(work.seq)) busy = true
    else store.work.set(id, { ...work, row: { ...work.row, errors } })
  }
  return busy
}
