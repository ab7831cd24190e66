/**
 * Counts of what has happened since the start, as plain data and as events of `node:diagnostics_channel`; they balance
 * with the inbox: every accepted event is handled, unhandled, dead, quarantined, absorbed as a copy, or still pending.
 */
import { type Channel, channel } from 'node:diagnostics_channel'
import type { SenderDeparture } from '../../public/options.ts'
import type { Metrics } from '../../public/receiver.ts'
import { CredentialUses } from './credential-uses.ts'

/** Upper bounds of the histogram of acknowledgements, in ms. */
export const ACK_BUCKETS_MS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]

type Counter = Exclude<keyof Metrics, 'rejected' | 'turnedAway' | 'credentials' | 'ackMs'>

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

export class Meter {
  readonly #counts = new Map<Counter, number>()
  readonly #rejected: Record<string, number> = {}
  readonly #turnedAway: Record<string, number> = {}
  readonly #uses = new CredentialUses()
  readonly #channels = new Map<keyof MetricEvents, Channel>()
  readonly #buckets = new Array<number>(ACK_BUCKETS_MS.length + 1).fill(0)
  #sum = 0
  #count = 0

  add(counter: Counter, by = 1): void {
    this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + by)
  }

  reject(code: string): void {
    this.#rejected[code] = (this.#rejected[code] ?? 0) + 1
  }

  turnAway(reason: string): void {
    this.#turnedAway[reason] = (this.#turnedAway[reason] ?? 0) + 1
  }

  /** Labels to be shown before anything came with them. */
  expect(source: string, labels: readonly string[]): void {
    for (const label of labels) this.#uses.of(source, label)
  }

  letIn(source: string, credential: string | null, at: number): void {
    this.#uses.add(source, credential, at)
    this.publish('authenticated', { source, credential })
  }

  acknowledged(ms: number): void {
    const found = ACK_BUCKETS_MS.findIndex((bound) => ms <= bound)
    const bucket = found < 0 ? ACK_BUCKETS_MS.length : found
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1
    this.#sum += ms
    this.#count++
  }

  publish<N extends keyof MetricEvents>(name: N, event: MetricEvents[N]): void {
    const found = this.#channels.get(name) ?? this.#channel(name)
    if (found.hasSubscribers) found.publish(event)
  }

  /** Looking one up by its name costs more than all that is published; the object stays the one of its name. */
  #channel(name: keyof MetricEvents): Channel {
    const found = channel(`posthorn:${name}`)
    this.#channels.set(name, found)
    return found
  }

  read(): Metrics {
    const count = (counter: Counter) => this.#counts.get(counter) ?? 0
    return {
      accepted: count('accepted'),
      duplicates: count('duplicates'),
      probes: count('probes'),
      rejected: { ...this.#rejected },
      turnedAway: { ...this.#turnedAway },
      credentials: this.#uses.read(),
      sendersLeft: count('sendersLeft'),
      handled: count('handled'),
      retried: count('retried'),
      dead: count('dead'),
      quarantined: count('quarantined'),
      unhandled: count('unhandled'),
      conflicts: count('conflicts'),
      duplicateEvents: count('duplicateEvents'),
      ackMs: { buckets: [...this.#buckets], sum: this.#sum, count: this.#count },
    }
  }
}
