import type { ClaimToken } from '../../ports/inbox/claim-ref.ts'
import type { Settlement } from '../../ports/inbox/claims.ts'
import type { NewProgress } from '../../ports/inbox/progress.ts'
import { withoutCancelled } from '../rules/cancelled.ts'
import { DROPPED_AT, withoutDropped } from '../rules/dropped.ts'
import { asOf } from '../rules/leap.ts'
import { tellReceived, tellSettled } from '../rules/tally.ts'
import type { Entry } from './entry.ts'
import { isCancelled } from './replay.ts'
import type { Hold, MemoryStore } from './store.ts'

/** Of a claim that is held. Answers the id of the delivery it is in conflict with. */
export function settle(store: MemoryStore, settlement: Settlement, now: number, isSteady: boolean): string | null {
  const entry = store.at(settlement.seq)
  const hold = store.held.get(settlement.seq)
  if (!entry || !hold) throw new Error(`delivery ${settlement.seq} is not claimed`)
  store.held.delete(entry.seq)
  entry.underWay = []
  for (const id of settlement.endedRows) store.endWork(id)
  if (settlement.firstPass) endFirstPass(store, entry, settlement)
  else leaveRows(store, hold)
  const left = withoutDropped(settlement, (handler) => store.seen.get(handler) === DROPPED_AT)
  store.cancelled += left.cancelled
  const written = write(store, entry, left.settlement, now)
  tellReceived(settlement, store.looks.telling(entry.delivery.receivedAt, entry.delivery.source))
  tellSettled(written, store.looks.telling(now, entry.delivery.source))
  writeKeys(store, entry, settlement, isSteady)
  if (store.isSettled(entry)) entry.deaths = []
  const conflict = settlement.firstPass ? conflictOf(store, entry) : null
  if (conflict !== null) store.looks.tell(now, entry.delivery.source, 'conflict', 1, 0)
  return conflict
}

function endFirstPass(store: MemoryStore, entry: Entry, { events, trace = null }: Settlement): void {
  store.pass(entry)
  store.progress.end(entry.seq, null)
  entry.careful = false
  entry.events = events
  entry.trace = trace
}

/** Rows that were claimed and are not ended. */
function leaveRows(store: MemoryStore, { rows }: Hold): void {
  for (const id of rows ?? []) {
    const work = store.work.get(id)
    if (work) work.careful = false
  }
}

/** Answers what was carried out: without what is of a replay that was cancelled. */
function write(store: MemoryStore, entry: Entry, given: Settlement, now: number): Settlement {
  const settlement = withoutCancelled(given, (run) => isCancelled(store, run))
  const { rows, at, dead, quarantined, unhandled } = settlement
  for (const row of asOf(rows, at, now)) store.addWork(entry.seq, row)
  for (const letter of dead) {
    const kept = { ...letter, element: new Uint8Array(letter.element) }
    store.dead.push({ id: store.nextId(), entry, letter: kept, redeliveries: 0 })
  }
  for (const item of quarantined) store.quarantined.push({ id: store.nextId(), entry, item })
  for (const [name, count] of Object.entries(unhandled))
    store.unhandled.set(name, (store.unhandled.get(name) ?? 0) + count)
  return settlement
}

/** Answers the claims that are lost. */
export function saveProgress(store: MemoryStore, progress: readonly NewProgress[], isSteady: boolean): ClaimToken[] {
  return progress.flatMap((one) => {
    if (!isUnderClaim(store, one)) return [one.token]
    store.progress.save(structuredClone(one))
    keepKeys(store, one.seq, one, isSteady)
    return []
  })
}

function isUnderClaim(store: MemoryStore, { seq, token, row }: NewProgress): boolean {
  const hold = store.held.get(seq)
  if (hold?.token !== token) return false
  return row === null ? hold.rows === null : hold.rows?.includes(row) === true
}

function writeKeys(store: MemoryStore, entry: Entry, settlement: Settlement, isSteady: boolean): void {
  const { duplicateEvents = 0 } = settlement
  const { source } = entry.delivery
  const { duplicateEvents: counts } = store
  if (duplicateEvents > 0) counts.set(source, (counts.get(source) ?? 0) + duplicateEvents)
  keepKeys(store, entry.seq, settlement, isSteady)
}

type Keys = Pick<Settlement, 'keys' | 'forgotten'>

function keepKeys(store: MemoryStore, seq: number, { keys, forgotten }: Keys, isSteady: boolean): void {
  if (keys) store.eventKeys.keep(keys, seq, isSteady)
  if (forgotten) store.eventKeys.forget(forgotten.windowMs, forgotten.keys, seq)
}

/** The first of its batch to be settled stands for it. */
function conflictOf(store: MemoryStore, entry: Entry): string | null {
  const { source, batchId, isTest, sha256 } = entry.delivery
  if (batchId === null || isTest) return null
  const batch = JSON.stringify([source, batchId])
  const first = store.batches.get(batch)
  if (!first) store.batches.set(batch, entry)
  if (!first || Buffer.compare(first.delivery.sha256, sha256) === 0) return null
  return first.delivery.id
}
