/**
 * Counts of what has happened since the start, as plain data; they balance with the inbox: every accepted event is
 * handled, unhandled, dead, quarantined, absorbed as a copy, or still pending.
 */
import type { Facts } from '../../ports/telling.ts'
import type { Metrics } from '../../public/receiver.ts'
import { ACK_BUCKETS_MS, ackBucketOf } from './ack-buckets.ts'
import { CredentialUses } from './credential-uses.ts'
import type { Teller } from './teller.ts'

type Counter = Exclude<keyof Metrics, 'rejected' | 'turnedAway' | 'credentials' | 'ackMs'>

export class Counters {
  readonly #counts = new Map<Counter, number>()
  readonly #rejected: Record<string, number> = {}
  readonly #turnedAway: Record<string, number> = {}
  readonly #uses = new CredentialUses()
  readonly #buckets = new Array<number>(ACK_BUCKETS_MS.length + 1).fill(0)
  #sum = 0
  #count = 0

  constructor(teller: Teller) {
    const turnAway = ({ reason }: { readonly reason: string }) => this.#turnAway(reason)
    teller.listen({
      stored: ({ status, ackMs }) => {
        this.#add(status === 'accepted' ? 'accepted' : 'duplicates')
        this.#acknowledged(ackMs)
      },
      kept: ({ status }) => this.#add(status === 'accepted' ? 'accepted' : 'duplicates'),
      probed: () => this.#add('probes'),
      answered: () => this.#add('answered'),
      authenticated: ({ source, credential, at }) => this.#uses.add(source, credential, at),
      turnedAway: turnAway,
      tokenRefused: turnAway,
      misaddressed: () => this.#turnAway('unknown_source'),
      refused: ({ code }) => {
        this.#rejected[code] = (this.#rejected[code] ?? 0) + 1
      },
      senderLeft: () => this.#add('sendersLeft'),
      failed: () => this.#add('retried'),
      lost: () => this.#add('claimsLost'),
      settled: (fact) => this.#settled(fact),
    })
  }

  /** Labels to be shown before anything came with them. */
  expect(source: string, labels: readonly string[]): void {
    for (const label of labels) this.#uses.of(source, label)
  }

  /** When a credential was used last, before the start. */
  remember(source: string, label: string | null, at: number): void {
    this.#uses.remember(source, label, at)
  }

  /** When the last delivery to the source came, before the start. */
  lastBefore(source: string): number | null {
    return this.#uses.lastBefore(source)
  }

  #add(counter: Counter, by = 1): void {
    this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + by)
  }

  #turnAway(reason: string): void {
    this.#turnedAway[reason] = (this.#turnedAway[reason] ?? 0) + 1
  }

  #acknowledged(ms: number): void {
    const bucket = ackBucketOf(ms)
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1
    this.#sum += ms
    this.#count++
  }

  #settled({ end: { settlement, dead, handled }, conflictsWith }: Facts['settled']): void {
    this.#add('handled', handled)
    this.#add('dead', dead.length)
    this.#add('quarantined', settlement.quarantined.length)
    for (const count of Object.values(settlement.unhandled)) this.#add('unhandled', count)
    this.#add('duplicateEvents', settlement.duplicateEvents ?? 0)
    if (conflictsWith !== null) this.#add('conflicts')
  }

  read(): Metrics {
    const count = (counter: Counter) => this.#counts.get(counter) ?? 0
    return {
      accepted: count('accepted'),
      duplicates: count('duplicates'),
      probes: count('probes'),
      answered: count('answered'),
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
      claimsLost: count('claimsLost'),
      ackMs: { buckets: [...this.#buckets], sum: this.#sum, count: this.#count },
    }
  }
}
