/** Letting go of what is finished and old: all of it in one portion. */

import type { Retention } from '../../ports/inbox/opening.ts'
import type { Pruned } from '../../ports/inbox/operations.ts'
import { alter, type Entry } from './entry.ts'
import type { Store } from './store.ts'

const NO_BYTES = new Uint8Array(0)

/** While the clock may not be believed nothing is old. */
export function prune(store: Store, retention: Retention | undefined, wall: number, isSteady: boolean): Pruned {
  const now = isSteady ? wall : 0
  if (isSteady) store.believedAt = wall
  if (!retention) return { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0, next: null, over: false }
  const expired = expire(store, retention, now)
  const isOver = () => retention.maxBytes !== null && bytesOf(store) > retention.maxBytes
  const isOld = ({ delivery }: Entry, ageMs: number) => delivery.receivedAt <= now - ageMs
  const settled = settledEntries(store)
  const takes = settled.filter((entry) => {
    if (!hasBytes(entry) || isQuarantined(store, entry) || !(isOld(entry, retention.bodiesMs) || isOver())) return false
    alter(entry, NO_BYTES)
    entry.taken = true
    return true
  })
  const keysMs = Math.max(retention.bodiesMs, retention.keysMs)
  const removes = settled.filter((entry) => isOld(entry, keysMs) && !hasBytes(entry) && !isNamed(store, entry))
  for (const entry of removes) store.remove(entry)
  return { ...expired, bodies: takes.length, deliveries: removes.length, next: null, over: isOver() }
}

function expire(store: Store, { deadLettersMs, quarantineMs }: Retention, now: number) {
  const before = { deadLetters: store.dead.length, quarantined: store.quarantined.length }
  store.dead = store.dead.filter(({ letter }) => letter.at > now - deadLettersMs)
  store.quarantined = store.quarantined.filter(({ item }) => item.at > now - quarantineMs)
  const deadLetters = before.deadLetters - store.dead.length
  const quarantined = before.quarantined - store.quarantined.length
  store.expired += deadLetters + quarantined
  return { deadLetters, quarantined }
}

/** With nothing left to do, and none before them whose first pass has not ended. */
function settledEntries(store: Store): Entry[] {
  const first = store.entries.findIndex((entry) => !entry.passed)
  const passed = store.entries.slice(0, first === -1 ? undefined : first)
  return passed.filter((entry) => store.isSettled(entry))
}

function hasBytes({ delivery }: Entry): boolean {
  return delivery.body.byteLength > 0
}

function isQuarantined(store: Store, entry: Entry): boolean {
  return store.quarantined.some((item) => item.entry === entry)
}

function isNamed(store: Store, entry: Entry): boolean {
  return isQuarantined(store, entry) || store.dead.some((dead) => dead.entry === entry)
}

function bytesOf(store: Store): number {
  return store.entries.reduce((sum, { delivery }) => sum + delivery.body.byteLength, 0)
}
