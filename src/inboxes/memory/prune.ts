/** Letting go of what is finished and old: all of it in one portion. */

import type { Retention } from '../../ports/inbox/opening.ts'
import type { Pruned } from '../../ports/inbox/operations.ts'
import { type Cutoffs, cutoffsAt, type Finished, isForgotten, losesBody } from '../rules/retention.ts'
import { alter, type Entry } from './entry.ts'
import type { MemoryStore } from './store.ts'

const NO_BYTES = new Uint8Array(0)

export function prune(store: MemoryStore, retention: Retention | undefined, wall: number, isSteady: boolean): Pruned {
  if (isSteady) store.believedAt = wall
  if (isSteady) store.looks.forgetBefore(wall)
  if (!retention) return { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0, next: null, over: false }
  const cutoffs = cutoffsAt(retention, wall, isSteady)
  const expired = expire(store, cutoffs)
  const isOver = () => retention.maxBytes !== null && bytesOf(store) > retention.maxBytes
  const settled = settledEntries(store)
  const takes = settled.filter((entry) => {
    if (!losesBody(finished(store, entry), cutoffs, isOver)) return false
    alter(entry, NO_BYTES)
    entry.delivery = { ...entry.delivery, headers: [], undecoded: null, traceparent: null }
    entry.taken = true
    return true
  })
  const removes = settled.filter((entry) => isForgotten(finished(store, entry), isDead(store, entry), cutoffs))
  for (const entry of removes) store.remove(entry)
  return { ...expired, bodies: takes.length, deliveries: removes.length, next: null, over: isOver() }
}

function expire(store: MemoryStore, cutoffs: Cutoffs) {
  const before = { deadLetters: store.dead.length, quarantined: store.quarantined.length }
  store.dead = store.dead.filter(({ letter }) => letter.at > cutoffs.deadLetters)
  store.quarantined = store.quarantined.filter(({ item }) => item.at > cutoffs.quarantined)
  const deadLetters = before.deadLetters - store.dead.length
  const quarantined = before.quarantined - store.quarantined.length
  store.expired += deadLetters + quarantined
  return { deadLetters, quarantined }
}

/** With nothing left to do, and none before them whose first pass has not ended. */
function settledEntries(store: MemoryStore): Entry[] {
  const first = store.entries.findIndex((entry) => !entry.passed)
  const passed = store.entries.slice(0, first === -1 ? undefined : first)
  return passed.filter((entry) => store.isSettled(entry))
}

function finished(store: MemoryStore, entry: Entry): Finished {
  const { receivedAt, body } = entry.delivery
  const isQuarantined = store.quarantined.some((item) => item.entry === entry)
  return { receivedAt, hasBody: body.byteLength > 0, isQuarantined }
}

function isDead(store: MemoryStore, entry: Entry): boolean {
  return store.dead.some((dead) => dead.entry === entry)
}

function bytesOf(store: MemoryStore): number {
  return store.entries.reduce((sum, { delivery }) => sum + delivery.body.byteLength, 0)
}
