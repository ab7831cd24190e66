/** What an emulator has done, for a test that counts. */

/** `pending` until it is active; `suspended` when it is switched off, by its owner or by the sender. */
export type WebhookState = 'pending' | 'active' | 'suspended' | 'deleted'

export interface ReportedWebhook {
  readonly id: string
  readonly name: string
  readonly target: string
  readonly state: WebhookState
}

export interface EmulatorReport {
  /**
   * How many events of each type went on their way, by the word on the wire; an event that goes to two webhooks counts
   * twice. A receiver ends up with exactly these, less those that were given up, however often they were posted.
   */
  readonly expected: Readonly<Record<string, number>>
  /** Posts of events, repeated ones too, without test posts. */
  readonly posts: number
  /** Posts that were answered as the sender wants it. */
  readonly acknowledged: number
  /** Posts of something that had been posted before. */
  readonly repeated: number
  /** What failed until the sender stopped trying. */
  readonly gaveUp: { readonly batches: number; readonly events: number }
  /** What is not acknowledged and not given up yet. */
  readonly waiting: { readonly events: number }
  readonly webhooks: readonly ReportedWebhook[]
}

/** Counts for the report. Sent events are counted with `expect` once, when they are taken for a webhook. */
export class Ledger {
  readonly #expected = new Map<string, number>()
  readonly #gaveUp = { batches: 0, events: 0 }
  #posts = 0
  #acknowledged = 0
  #repeated = 0
  #settledEvents = 0

  expect(type: string): void {
    this.#expected.set(type, (this.#expected.get(type) ?? 0) + 1)
  }

  posted(attempt: number): void {
    this.#posts++
    if (attempt > 1) this.#repeated++
  }

  acknowledged(events: number): void {
    this.#acknowledged++
    this.#settledEvents += events
  }

  gaveUp(events: number): void {
    this.#gaveUp.batches++
    this.#gaveUp.events += events
    this.#settledEvents += events
  }

  report(webhooks: readonly ReportedWebhook[]): EmulatorReport {
    const expected = Object.fromEntries([...this.#expected].sort(([a], [b]) => (a < b ? -1 : 1)))
    const all = Object.values(expected).reduce((sum, count) => sum + count, 0)
    return {
      expected,
      posts: this.#posts,
      acknowledged: this.#acknowledged,
      repeated: this.#repeated,
      gaveUp: { ...this.#gaveUp },
      waiting: { events: all - this.#settledEvents },
      webhooks,
    }
  }
}
