import type { StoredPause, StoredStats } from '../../ports/inbox/records.ts'
import { usedSince } from '../rules/belonging.ts'
import { eventsIn } from '../rules/ranges.ts'
import type { Entry } from './entry.ts'
import { replays } from './replay.ts'
import type { MemoryStore } from './store.ts'

export function stats(store: MemoryStore, now: number): StoredStats {
  const pending = store.entries.filter((entry) => !store.isSettled(entry))
  return {
    pending: pending.length,
    pendingBytes: store.pendingBytes,
    oldestPendingAt: pending.find((entry) => !isReplayed(store, entry))?.delivery.receivedAt ?? null,
    deadLetters: store.dead.length,
    quarantined: store.quarantined.length,
    unhandled: Object.fromEntries(store.unhandled),
    cancelled: store.cancelled,
    expired: store.expired,
    erased: store.erased,
    paused: pausesOf(store),
    orphaned: orphaned(store, now),
    orphanedSources: orphanedSources(store, pending),
    replays: replays(store),
    duplicateEvents: Object.fromEntries(store.duplicateEvents),
  }
}

/** All that is left to do on it is work of replays. */
function isReplayed(store: MemoryStore, entry: Entry): boolean {
  return entry.passed && store.workOf(entry.seq).every(({ row }) => row.replay !== null)
}

export function pausesOf(store: MemoryStore): StoredPause[] {
  return [...store.pauses.values()].sort((a, b) => (a.handler < b.handler ? -1 : 1))
}

/** The handlers with work that this process does not have. */
export function left(store: MemoryStore): { readonly name: string; readonly events: number }[] {
  const events = new Map<string, number>()
  for (const { row } of store.work.values())
    if (!store.own.includes(row.handler)) events.set(row.handler, (events.get(row.handler) ?? 0) + eventsIn([row]))
  return [...events].sort().map(([name, count]) => ({ name, events: count }))
}

/** Of these deliveries those that no process asks for. */
function orphanedSources(store: MemoryStore, pending: readonly Entry[]): Record<string, number> {
  const counts: Record<string, number> = {}
  const asked = [...store.sessions].flatMap(({ sources }) => sources ?? [])
  if (asked.length === 0) return counts
  const known = new Set(asked.flatMap((sources) => [...sources]))
  for (const { source } of pending.map(({ delivery }) => delivery))
    if (!known.has(source)) counts[source] = (counts[source] ?? 0) + 1
  return counts
}

function orphaned(store: MemoryStore, now: number): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { row } of store.work.values()) {
    const seenAt = store.own.includes(row.handler) ? now : store.seen.get(row.handler)
    if (seenAt === undefined || seenAt <= usedSince(now)) counts[row.handler] = (counts[row.handler] ?? 0) + 1
  }
  return counts
}
