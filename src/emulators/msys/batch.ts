/**
 * Batches on their way: a queue for each webhook on each node.
 * Source: Momentum 4 manual, "Using Webhooks for Event Data"
 * (github.com/SparkPost/support-docs, content/momentum/4/reporting-webhooks.md), March 2020.
 */
import type { Tasks } from '../kit/clock.ts'
import type { BatchRule } from '../kit/gathering.ts'
import type { Ledger } from '../kit/report.ts'
import { RetryQueue } from '../kit/retry-queue.ts'
import { isSuccess, type Outcome, type Success } from '../kit/wire.ts'
import type { Ids } from './ids.ts'
import type { Credentials, Poster } from './post.ts'
import type { Settings } from './settings.ts'

/** Whose batches they are: a webhook. */
export interface BatchOwner {
  readonly id: string
  readonly credentials: Credentials
  /** Hears what came of each post. */
  note(batch: Batch, attempts: number, outcome: Outcome, ok: boolean): void
}

export interface Batch {
  /** A UUID. */
  readonly id: string
  readonly webhook: BatchOwner
  /** Of the time it was gathered: after an update it still goes to the old target. */
  readonly settings: Settings
  readonly events: number
  readonly body: string
}

export interface SendingOptions extends BatchRule {
  readonly nodes: readonly string[]
  readonly delaysMs: readonly number[]
  /** Posts at a time, of one webhook on one node. */
  readonly workers: number
  /** Any 2xx stops the retries; other pages say 200. */
  readonly success: Success
}

export class Sending implements BatchRule {
  readonly nodes: readonly string[]
  readonly batchEvents: number
  readonly batchMs: number
  readonly #options: SendingOptions
  readonly #tasks: Tasks
  readonly #poster: Poster
  readonly #ledger: Ledger
  readonly #ids: Ids
  readonly #queues = new Map<string, RetryQueue<Batch>>()

  constructor(options: SendingOptions, tasks: Tasks, poster: Poster, ledger: Ledger, ids: Ids) {
    this.nodes = options.nodes
    this.batchEvents = options.batchEvents
    this.batchMs = options.batchMs
    this.#options = options
    this.#tasks = tasks
    this.#poster = poster
    this.#ledger = ledger
    this.#ids = ids
  }

  send(node: string, batch: Omit<Batch, 'id'>): void {
    this.#queueOf(node, batch.webhook).push({ ...batch, id: this.#ids.uuid() })
  }

  #queueOf(node: string, { id }: BatchOwner): RetryQueue<Batch> {
    const key = `${id} ${node}`
    const queue = this.#queues.get(key) ?? this.#newQueue()
    this.#queues.set(key, queue)
    return queue
  }

  #newQueue(): RetryQueue<Batch> {
    return new RetryQueue({
      tasks: this.#tasks,
      delaysMs: this.#options.delaysMs,
      concurrency: this.#options.workers,
      send: (batch, attempt) => this.#post(batch, attempt),
      gaveUp: ({ events }) => this.#ledger.gaveUp(events),
    })
  }

  async #post(batch: Batch, attempt: number): Promise<boolean> {
    this.#ledger.posted(attempt)
    const outcome = await this.#poster.batch(batch.settings, batch.webhook.credentials, batch.id, batch.body)
    const ok = isSuccess(outcome, this.#options.success)
    batch.webhook.note(batch, attempt, outcome, ok)
    if (ok) this.#ledger.acknowledged(batch.events)
    return ok
  }
}
