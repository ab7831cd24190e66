import { OptionError } from '../../errors.ts'
import type { Settlement } from '../../ports/inbox/claims.ts'
import { reckonedAnew } from '../rules/leap.ts'
import type { Entry } from './entry.ts'
import { isCancelled } from './replay.ts'
import type { Hold, Store } from './store.ts'

/** Answers the id of the delivery it is in conflict with. */
export function settle(store: Store, settlement: Settlement, now: number, isSteady: boolean): string | null {
  const entry = store.at(settlement.seq)
  const hold = store.held.get(settlement.seq)
  if (!entry || !hold) throw new OptionError(`settle: delivery ${settlement.seq} is not claimed`)
  store.held.delete(entry.seq)
  entry.underWay = []
  for (const id of settlement.endedRows) store.work.delete(id)
  if (settlement.firstPass) endFirstPass(store, entry, settlement)
  else leaveRows(store, hold)
  write(store, entry, settlement, now)
  writeKeys(store, entry, settlement, isSteady)
  if (store.isSettled(entry)) entry.deaths = []
  return settlement.firstPass ? conflictOf(store, entry) : null
}

function endFirstPass(store: Store, entry: Entry, { events }: Settlement): void {
  store.pass(entry)
  entry.careful = false
  entry.events = events
}

/** Rows that were claimed and are not ended. */
function leaveRows(store: Store, { rows }: Hold): void {
  for (const id of rows ?? []) {
    const work = store.work.get(id)
    if (work) work.careful = false
  }
}

function write(store: Store, entry: Entry, settlement: Settlement, now: number): void {
  const { rows, at, dead, quarantined, unhandled } = settlement
  const left = rows.filter(({ replay }) => !isCancelled(store, replay?.run ?? null))
  for (const row of left) store.addWork(entry.seq, { ...row, dueAt: reckonedAnew(row.dueAt, at, now) })
  for (const letter of dead) {
    if (isCancelled(store, letter.run)) continue
    const kept = { ...letter, element: new Uint8Array(letter.element) }
    store.dead.push({ id: store.nextId(), entry, letter: kept, redeliveries: 0 })
  }
  for (const item of quarantined) store.quarantined.push({ id: store.nextId(), entry, item })
  for (const [name, count] of Object.entries(unhandled))
    store.unhandled.set(name, (store.unhandled.get(name) ?? 0) + count)
}

function writeKeys(store: Store, entry: Entry, settlement: Settlement, isSteady: boolean): void {
  const { duplicateEvents = 0, keys, forgotten } = settlement
  const { source } = entry.delivery
  const { duplicateEvents: counts } = store
  if (duplicateEvents > 0) counts.set(source, (counts.get(source) ?? 0) + duplicateEvents)
  if (keys) store.eventKeys.keep(keys, entry.seq, isSteady)
  if (forgotten) store.eventKeys.forget(forgotten.windowMs, forgotten.keys)
}

/** The first of its batch to be settled stands for it. */
function conflictOf(store: Store, entry: Entry): string | null {
  const { source, batchId, isTest, sha256 } = entry.delivery
  if (batchId === null || isTest) return null
  const batch = JSON.stringify([source, batchId])
  const first = store.batches.get(batch)
  if (!first) store.batches.set(batch, entry)
  if (!first || Buffer.compare(first.delivery.sha256, sha256) === 0) return null
  return first.delivery.id
}
