/** The channels of `node:diagnostics_channel` on which facts are published; nothing is built where nobody subscribes. */
import { type Channel, channel } from 'node:diagnostics_channel'
import type { SenderDeparture } from '../../types.ts'
import type { Teller } from './teller.ts'

/** What is published on the channel `posthorn:<name>`; no payload, no address, no secret. */
export interface MetricEvents {
  accepted: { readonly source: string; readonly id: string; readonly bytes: number; readonly ackMs: number }
  duplicate: { readonly source: string; readonly id: string }
  rejected: { readonly source: string | null; readonly status: number; readonly code: string }
  /** A request was let in; its body is not read yet. `credential` is the label. */
  authenticated: { readonly source: string; readonly credential: string | null }
  settled: {
    readonly source: string
    readonly id: string
    readonly handled: number
    readonly dead: number
    readonly quarantined: number
    readonly duplicateEvents: number
  }
  paused: { readonly handler: string; readonly by: 'hand' | 'failures' | null }
  'sender-left': SenderDeparture
}

/** Looking a channel up by its name costs more than all that is published; the object stays the one of its name. */
const on = (name: keyof MetricEvents): Channel => channel(`posthorn:${name}`)

export function publishFacts(teller: Teller): void {
  const [accepted, duplicate, authenticated] = [on('accepted'), on('duplicate'), on('authenticated')]
  const [settled, rejected, paused, left] = [on('settled'), on('rejected'), on('paused'), on('sender-left')]
  teller.listen({
    stored({ source, id, bytes, status, ackMs }) {
      if (status === 'duplicate') {
        if (duplicate.hasSubscribers) duplicate.publish({ source, id } satisfies MetricEvents['duplicate'])
      } else if (accepted.hasSubscribers)
        accepted.publish({ source, id, bytes, ackMs } satisfies MetricEvents['accepted'])
    },
    authenticated({ source, credential }) {
      if (authenticated.hasSubscribers)
        authenticated.publish({ source, credential } satisfies MetricEvents['authenticated'])
    },
    refused(fact) {
      if (rejected.hasSubscribers) rejected.publish(fact satisfies MetricEvents['rejected'])
    },
    senderLeft(departure) {
      if (left.hasSubscribers) left.publish(departure satisfies MetricEvents['sender-left'])
    },
    settled({ claim, end }) {
      if (!settled.hasSubscribers) return
      const { source, id } = claim.delivery
      const { quarantined, duplicateEvents = 0 } = end.settlement
      const counts = { handled: end.handled, dead: end.dead.length, quarantined: quarantined.length, duplicateEvents }
      settled.publish({ source, id, ...counts } satisfies MetricEvents['settled'])
    },
    paused(fact) {
      if (paused.hasSubscribers) paused.publish(fact satisfies MetricEvents['paused'])
    },
  })
}
