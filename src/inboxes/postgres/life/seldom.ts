/** Decides when a slow task runs again: it takes at most a twentieth of the time. */

const SHARE = 20
const LONGEST_MS = 60_000

export class Seldom {
  readonly #leastMs: number
  #beganAt = Number.NEGATIVE_INFINITY
  #nextAt = Number.NEGATIVE_INFINITY

  /** `leastMs`: the least time from one run to the next. */
  constructor(leastMs: number) {
    this.#leastMs = leastMs
  }

  /** Whether the task runs now; true also notes that it has begun. */
  begins(): boolean {
    const now = performance.now()
    if (now < this.#nextAt) return false
    this.#beganAt = now
    this.#nextAt = now + this.#leastMs
    return true
  }

  ended(): void {
    const tookMs = performance.now() - this.#beganAt
    this.#nextAt = this.#beganAt + Math.min(LONGEST_MS, Math.max(this.#leastMs, SHARE * tookMs))
  }
}
