import { callKey } from '../../lib/call-key.ts'
import type { Death, NotedCall } from '../../ports/inbox/claims.ts'
import type { InboxOpened, InboxOpening } from '../../ports/inbox/opening.ts'
import { renamesOf } from '../rules/renames.ts'
import type { Entry } from './entry.ts'
import { sweepCancelled } from './replay.ts'
import type { MemoryStore } from './store.ts'

/** Whatever is still claimed was claimed by a process that died: the next one is to be careful with it. */
export function takeStock(store: MemoryStore): void {
  for (const [seq, { rows, holder }] of store.held) {
    if (store.sessions.has(holder)) continue
    if (rows === null) store.at(seq)!.careful = true
    for (const id of rows ?? []) store.work.get(id)!.careful = true
    store.held.delete(seq)
    countDeaths(store.at(seq)!)
  }
  sweepCancelled(store)
}

/** Carries renames over to stored work and registers the handlers; returns those never seen before. */
export function carryOver(store: MemoryStore, { handlers, clock }: InboxOpening): InboxOpened['newHandlers'] {
  store.renames = renamesOf(handlers)
  rename(store, store.renames)
  store.turn = 0
  const settled = store.entries.filter((entry) => entry.passed && !entry.taken)
  const settledWithout = settled.reduce((sum, entry) => sum + (entry.events ?? 0), 0)
  const unseen = store.own.filter((name) => !store.seen.has(name))
  see(store, clock.now())
  return unseen.map((name) => ({ name, settledWithout }))
}

/** The handlers of this process are in use. */
export function see(store: MemoryStore, now: number): void {
  for (const name of store.own) store.seen.set(name, now)
}

function countDeaths(entry: Entry): void {
  const calls = new Map(entry.underWay.map((call) => [callKey(call.index, call.handler), call]))
  for (const call of calls.values()) countDeath(entry, call)
  entry.underWay = []
}

function countDeath(entry: Entry, call: NotedCall): void {
  const isIt = (death: Death) => death.index === call.index && death.handler === call.handler
  const times = entry.deaths.find(isIt)?.times ?? 0
  const all = [...entry.deaths.filter((death) => !isIt(death)), { ...call, times: times + 1 }]
  entry.deaths = all.sort(byCall)
}

function rename(store: MemoryStore, renames: ReadonlyMap<string, string>): void {
  if (renames.size === 0) return
  const now = (name: string) => renames.get(name) ?? name
  const renamed = <T extends { readonly handler: string }>(one: T): T => ({ ...one, handler: now(one.handler) })
  for (const [id, work] of store.work) store.work.set(id, { ...work, row: renamed(work.row) })
  store.dead = store.dead.map((dead) => ({ ...dead, letter: renamed(dead.letter) }))
  for (const entry of store.entries) {
    if (entry.handlers) entry.handlers = [...new Set(entry.handlers.map(now))].sort()
    entry.deaths = renamedDeaths(entry.deaths, now)
  }
  store.progress.rename(renames)
  for (const [old, name] of renames) renameSeen(store, old, name)
}

/** Of two that are one now the one that was renamed stays. */
function renamedDeaths(deaths: readonly Death[], now: (name: string) => string): readonly Death[] {
  const isOld = ({ handler }: Death) => now(handler) !== handler
  const kept = new Map<string, Death>()
  for (const death of [...deaths.filter((one) => !isOld(one)), ...deaths.filter(isOld)])
    kept.set(callKey(death.index, now(death.handler)), { ...death, handler: now(death.handler) })
  return [...kept.values()].sort(byCall)
}

const byCall = (a: Death, b: Death) => a.index - b.index || (a.handler < b.handler ? -1 : 1)

function renameSeen(store: MemoryStore, old: string, name: string): void {
  const seenAt = store.seen.get(old)
  if (seenAt !== undefined) store.seen.set(name, seenAt)
  store.seen.delete(old)
  store.ordered.delete(old)
  const pause = store.pauses.get(old)
  if (pause && !store.pauses.has(name)) store.pauses.set(name, { ...pause, handler: name })
  store.pauses.delete(old)
}
