/** The time limit of a handler's calls: one timer for all of them, since a timer for each would cost more than a call. */

import type { Clock } from '../../ports/clock.ts'
import type { Attempt } from './attempt.ts'

export class TimeLimit {
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** Calls under way, the oldest first, linked by their own fields: a Set took as long as all else about a call. */
  #oldest: Attempt | null = null
  #latest: Attempt | null = null
  #cancel: (() => void) | null = null

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  add(attempt: Attempt): void {
    attempt.before = this.#latest
    if (this.#latest === null) this.#oldest = attempt
    else this.#latest.after = attempt
    this.#latest = attempt
    if (this.#cancel === null) this.#watch(attempt)
  }

  /** Nothing happens to one that was never added. */
  delete(attempt: Attempt): void {
    const { before, after } = attempt
    if (before === null && this.#oldest !== attempt) return
    if (before === null) this.#oldest = after
    else before.after = after
    if (after === null) this.#latest = before
    else after.before = before
    attempt.before = attempt.after = null
  }

  all(): readonly Attempt[] {
    const live: Attempt[] = []
    for (let one = this.#oldest; one !== null; one = one.after) live.push(one)
    return live
  }

  /** No more calls will begin: with the last of them the timer goes. */
  end(): void {
    if (this.#oldest !== null) return
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
    for (const attempt of this.all()) {
      const laterMs = Math.min(attempt.startedAt - over.startedAt, this.#timeoutMs)
      if (laterMs <= 0) expired.push(attempt)
      else {
        this.#watch(attempt, laterMs)
        break
      }
    }
    for (const attempt of expired) {
      this.delete(attempt)
      attempt.expire(this.#timeoutMs)
    }
  }
}
