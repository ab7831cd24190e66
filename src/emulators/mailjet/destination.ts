/** One registered address: what gathers for it, and what waits for its answer. */
import type { Tasks } from '../kit/clock.ts'
import { Gathering } from '../kit/gathering.ts'
import { RetryQueue } from '../kit/retry-queue.ts'
import type { MailjetEvent } from './event.ts'

export interface DestinationParts {
  readonly url: string
  readonly version: 1 | 2
  readonly tasks: Tasks
  readonly delaysMs: readonly number[]
  /** Posts the body; true when it was acknowledged. */
  readonly send: (url: string, body: string, events: number, attempt: number) => Promise<boolean>
  readonly gaveUp: (destination: Destination, events: readonly MailjetEvent[]) => void
}

/** At most one request a second, with the events of the last second (Event API guide, March 2023, "Group events"). */
const GROUPED = { batchEvents: Number.POSITIVE_INFINITY, batchMs: 1_000 }

export class Destination {
  readonly url: string
  readonly #version: 1 | 2
  readonly #gathering: Gathering<MailjetEvent>
  readonly #queue: RetryQueue<readonly MailjetEvent[]>

  constructor({ url, version, tasks, delaysMs, send, gaveUp }: DestinationParts) {
    this.url = url
    this.#version = version
    this.#gathering = new Gathering(tasks, GROUPED, (events) => this.#queue.push(events))
    this.#queue = new RetryQueue({
      tasks,
      delaysMs,
      send: (events, attempt) => send(url, this.#bodyOf(events), events.length, attempt),
      gaveUp: (events) => gaveUp(this, events),
    })
  }

  take(event: MailjetEvent): void {
    if (this.#version === 2) this.#gathering.add(event)
    else this.#queue.push([event])
  }

  /** Nothing gathers, nothing waits. */
  get isIdle(): boolean {
    return this.#gathering.size === 0 && this.#queue.size === 0
  }

  /** Takes out what waits: one list for a post. */
  clear(): (readonly MailjetEvent[])[] {
    this.#gathering.flush()
    return this.#queue.clear()
  }

  /** Version 1 is the bare event, Version 2 an array, also of one. */
  #bodyOf(events: readonly MailjetEvent[]): string {
    const texts = events.map(({ text }) => text).join(',')
    return this.#version === 1 ? texts : `[${texts}]`
  }
}
