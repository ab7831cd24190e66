/** The time limit of a handler's calls: one timer for all of them, since a timer for each would cost more than a call. */
import type { Attempt } from './attempt.ts'
import type { Clock } from './ports.ts'

export class TimeLimit {
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** Calls under way, the oldest first. */
  readonly #live = new Set<Attempt>()
  #cancel: (() => void) | null = null

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  add(attempt: Attempt): void {
    this.#live.add(attempt)
    if (this.#cancel === null) this.#watch(attempt)
  }

  delete(attempt: Attempt): void {
    this.#live.delete(attempt)
  }

  all(): readonly Attempt[] {
    return [...this.#live]
  }

  /** No more calls will begin: with the last of them the timer goes. */
  end(): void {
    if (this.#live.size > 0) return
    this.#cancel?.()
    this.#cancel = null
  }

  #watch(oldest: Attempt, waitMs = this.#timeoutMs): void {
    this.#cancel = this.#clock.after(waitMs, () => {
      this.#cancel = null
      this.#look(oldest)
    })
  }

  /** The timer knows when the time of one call was over; from it to the next it is as long as between their starts. */
  #look(over: Attempt): void {
    const expired: Attempt[] = []
    for (const attempt of this.#live) {
      const laterMs = Math.min(attempt.startedAt - over.startedAt, this.#timeoutMs)
      if (laterMs <= 0) expired.push(attempt)
      else {
        this.#watch(attempt, laterMs)
        break
      }
    }
    for (const attempt of expired) {
      this.#live.delete(attempt)
      attempt.expire(this.#timeoutMs)
    }
  }
}
