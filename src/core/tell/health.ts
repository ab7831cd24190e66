/** Whether deliveries are accepted now, and what needs a look. */
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { StoredStats } from '../../ports/inbox/records.ts'
import type { Health } from '../../public/receiver.ts'
import { toPaused } from '../read/to-public.ts'

export interface HealthParts {
  readonly inbox: InboxPort
  readonly clock: Clock
  readonly backlogBytes: number
  readonly takesDeliveries: boolean
  /** Whether stored work waits for a repeat of its sender, or for `drain`. */
  readonly waitsForRequests: boolean
  /** Whether work waits because the inbox failed. */
  readonly waitsForInbox: boolean
}

/** eSputnik repeats at least hourly, the others sooner (Yespo, Webhooks for Tracking Activity, June 2025). */
const LONGEST_REPEAT_MS = 3_600_000

export const STALE = 'work has waited for longer than any sender repeats: call drain()'

const PATIENCE_MS = 2_000

const TAKES_NONE = 'by its role this process takes no deliveries'

const WAITING = 'the inbox failed: work waits, and is tried again every second'

/** Of a receiver that is not open. */
export function unready(reason: string): Health {
  return { ready: false, reason, backlog: { deliveries: 0, bytes: 0, oldestAt: null }, paused: [] }
}

/** A count that took so long is dear: of a large database, that others use too. */
const DEAR_MS = 50
/** It is taken for so many times as long as it took, so that probes cost a twentieth of a connection at most. */
const KEPT_TIMES = 20

/** Whether deliveries are accepted is always of now; what waits, as it was counted last where counting is dear. */
export class HealthReader {
  #counted: { readonly stats: StoredStats; readonly until: number } | null = null

  async read(parts: HealthParts): Promise<Health> {
    const { inbox, backlogBytes, takesDeliveries } = parts
    const trouble = inbox.intake.trouble() ?? (takesDeliveries ? null : TAKES_NONE)
    const found = await this.#stats(parts)
    if (found === null) return unready(trouble ?? 'the inbox does not answer')
    const { stats, isKept } = found
    const { pending, oldestPendingAt } = stats
    const pendingBytes = isKept ? inbox.intake.backlogBytes() : stats.pendingBytes
    const refusing = trouble ?? (pendingBytes > backlogBytes ? 'too much waits to be handled' : null)
    const oldestAt = oldestPendingAt === null ? null : new Date(oldestPendingAt)
    return {
      ready: refusing === null,
      reason: refusing ?? (parts.waitsForInbox ? WAITING : isStale(parts, stats) ? STALE : null),
      backlog: { deliveries: pending, bytes: pendingBytes, oldestAt },
      paused: stats.paused.map(toPaused),
    }
  }

  async #stats(parts: HealthParts) {
    const { clock } = parts
    const began = clock.steady()
    if (this.#counted !== null && began < this.#counted.until) return { stats: this.#counted.stats, isKept: true }
    const stats = await statsWithin(parts)
    if (stats === null) return null
    const [now, took] = [clock.steady(), clock.steady() - began]
    this.#counted = took < DEAR_MS ? null : { stats, until: now + took * KEPT_TIMES }
    return { stats, isKept: false }
  }
}

/** null: the inbox does not answer. Who asks for health cannot wait for a database that is away. */
async function statsWithin({ inbox, clock }: HealthParts): Promise<StoredStats | null> {
  let cancel = () => {}
  const late = new Promise<null>((resolve) => {
    cancel = clock.after(PATIENCE_MS, () => resolve(null))
  })
  const stats = await Promise.race([inbox.records.stats().catch(() => null), late])
  cancel()
  return stats
}

/** What no repeat of a sender comes for any more. */
function isStale({ waitsForRequests, clock }: HealthParts, { oldestPendingAt }: StoredStats): boolean {
  return waitsForRequests && oldestPendingAt !== null && clock.now() - oldestPendingAt >= LONGEST_REPEAT_MS
}
