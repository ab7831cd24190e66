/**
 * One webhook: what it is asked to do, and what it does already.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib);
 * on nodes the Momentum 4 manual, "Using Webhooks for Event Data", March 2020.
 */
import type { Tasks } from '../kit/clock.ts'
import { Gathering } from '../kit/gathering.ts'
import type { WebhookState } from '../kit/report.ts'
import type { Outcome } from '../kit/wire.ts'
import type { Batch, BatchOwner, Sending } from './batch.ts'
import type { Credentials } from './post.ts'
import type { Settings } from './settings.ts'

/** What the API tells of a batch that failed at least once: `batch-status`. */
export interface BatchStatus {
  readonly batch_id: string
  readonly ts: string
  readonly attempts: number
  readonly response_code: string
  readonly failure_code?: string
  readonly latency: number
  readonly batch_size: number
}

export interface WebhookParts {
  readonly id: string
  readonly settings: Settings
  readonly tasks: Tasks
  readonly sending: Sending
}

export class Webhook implements BatchOwner {
  readonly id: string
  readonly credentials: Credentials = { accessToken: null }
  /** As its owner set it last. */
  settings: Settings
  lastSuccessful: number | null = null
  lastFailure: number | null = null
  deleted = false
  readonly #parts: WebhookParts
  /** By node; each gathers and posts on its own. Empty until it is active. */
  #gatherings: ReadonlyMap<string, Gathering<string>> = new Map()
  #wanted: ReadonlySet<string> = new Set()
  #activated = false
  readonly #statuses = new Map<string, BatchStatus>()

  constructor(parts: WebhookParts) {
    this.id = parts.id
    this.settings = parts.settings
    this.#parts = parts
  }

  /** From now on it gathers by these settings; what is gathered already goes out in its time, to where it was meant. */
  activate(settings: Settings): void {
    const works = settings.active && !this.deleted
    this.#wanted = new Set(works ? settings.events : [])
    this.#gatherings = new Map(
      this.#parts.sending.nodes.map((node) => [
        node,
        new Gathering(this.#parts.tasks, this.#parts.sending, (elements) => this.#send(node, settings, elements)),
      ]),
    )
    this.#activated = true
  }

  /** Nothing is gathered any more; what is gathered and queued still goes to its target. */
  delete(): void {
    this.deleted = true
    this.activate(this.settings)
  }

  get state(): WebhookState {
    if (this.deleted) return 'deleted'
    if (!this.settings.active) return 'suspended'
    return this.#activated ? 'active' : 'pending'
  }

  wants(type: string): boolean {
    return this.#wanted.has(type)
  }

  take(node: string, element: string): void {
    this.#gatherings.get(node)?.add(element)
  }

  /** Notes what came of a post; failures, and the success after them, are kept. */
  note({ id, events }: Batch, attempts: number, outcome: Outcome, ok: boolean): void {
    const now = this.#parts.tasks.now()
    if (ok) this.lastSuccessful = now
    else this.lastFailure = now
    const code = outcome.status === null ? outcome.code : String(outcome.status)
    if (ok && attempts === 1) return
    this.#statuses.set(id, {
      // Hexadecimal digits, where the header has a UUID.
      batch_id: id.replaceAll('-', ''),
      ts: new Date(now).toISOString(),
      attempts,
      ...(ok ? {} : { failure_code: code }),
      response_code: code,
      latency: Math.round(outcome.ms),
      batch_size: events,
    })
  }

  /** Of the last 24 hours, the latest first. */
  statuses(limit: number): BatchStatus[] {
    const since = new Date(this.#parts.tasks.now() - 24 * 3_600_000).toISOString()
    const all = [...this.#statuses.values()].filter(({ ts }) => ts >= since)
    return all.sort((a, b) => (a.ts < b.ts ? 1 : -1)).slice(0, limit)
  }

  #send(node: string, settings: Settings, elements: readonly string[]): void {
    this.#parts.sending.send(node, {
      webhook: this,
      settings,
      events: elements.length,
      body: `[${elements.join(',')}]`,
    })
  }
}
