import type { InboxStats } from '../../core/ports.ts'
import type { Store } from './store.ts'

export function stats(store: Store): InboxStats {
  const waiting = new Set([...store.work.values()].map((work) => work.seq))
  const pending = store.entries.filter((entry) => !entry.passed || waiting.has(entry.seq))
  return {
    pending: pending.length,
    oldestPendingAt: pending[0]?.delivery.receivedAt ?? null,
    deadLetters: store.dead.length,
    quarantined: store.quarantined.length,
    unhandled: Object.fromEntries(store.unhandled),
  }
}
