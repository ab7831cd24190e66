/**
 * Waits that nearly always end before their time, at the price of one timer for all of the same length: a timer for each
 * would cost a small request more than reading its body does.
 */
import type { Clock } from '../../ports/clock.ts'

export class Deadlines implements Clock {
  readonly #clock: Clock
  readonly #queues = new Map<number, Queue>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  steady(): number {
    return this.#clock.steady()
  }

  after(ms: number, run: () => void): () => void {
    const known = this.#queues.get(ms)
    if (known !== undefined) return known.add(run)
    const queue = new Queue(this.#clock, ms, () => this.#queues.delete(ms))
    this.#queues.set(ms, queue)
    return queue.add(run)
  }

  /** No more waits will begin: the timers that nobody waits for go. */
  end(): void {
    for (const queue of this.#queues.values()) queue.end()
  }
}

interface Wait {
  readonly startedAt: number
  run: () => void
}

const nobody = () => {}

/** Waits of one length: they end in the order of their start. */
class Queue {
  readonly #clock: Clock
  readonly #ms: number
  readonly #onEmpty: () => void
  readonly #waits = new Set<Wait>()
  #cancel: (() => void) | null = null

  constructor(clock: Clock, ms: number, onEmpty: () => void) {
    this.#clock = clock
    this.#ms = ms
    this.#onEmpty = onEmpty
  }

  add(run: () => void): () => void {
    const wait: Wait = { startedAt: this.#clock.now(), run }
    this.#waits.add(wait)
    if (this.#cancel === null) this.#arm(wait.startedAt, this.#ms)
    // The timer stays: the next wait is not far.
    return () => {
      this.#waits.delete(wait)
      // A Set leaves tables behind, and one that has grown old would hold who waited then.
      wait.run = nobody
    }
  }

  end(): void {
    if (this.#waits.size > 0) return
    this.#cancel?.()
    this.#onEmpty()
  }

  #arm(startedAt: number, inMs: number): void {
    this.#cancel = this.#clock.after(inMs, () => this.#look(startedAt))
  }

  /** The time of one that started at `over` is up: from it to the next it is as long as between their starts. */
  #look(over: number): void {
    // Timers come late; what they are late by must not add up. More than a wait is a clock that was set.
    const lateMs = this.#clock.now() - over - this.#ms
    const upTo = over + (lateMs > 0 && lateMs < this.#ms ? lateMs : 0)
    for (const wait of this.#waits) {
      const laterMs = wait.startedAt - upTo
      if (laterMs > 0 || wait.startedAt < over) {
        this.#arm(wait.startedAt, laterMs > 0 ? Math.min(laterMs, this.#ms) : this.#ms)
        return
      }
      this.#waits.delete(wait)
      wait.run()
    }
    this.#cancel = null
    this.#onEmpty()
  }
}
