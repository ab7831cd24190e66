/** Time that moves when a test says so. */
import type { Clock } from '../../src/ports/clock.ts'

interface Timer {
  /** In steady time. */
  readonly at: number
  readonly run: () => void
}

export class FakeClock implements Clock {
  /** What timers go by: nobody sets it. */
  #steady: number
  #leapt = 0
  readonly #timers = new Set<Timer>()

  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#steady = now
  }

  now(): number {
    return this.#steady + this.#leapt
  }

  steady(): number {
    return this.#steady
  }

  /** Sets the wall clock on by `ms`, or back; timers end when they would have. */
  leap(ms: number): void {
    this.#leapt += ms
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#steady + ms, run }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** Timers not yet run or cancelled. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves on by `ms`, running what falls due in order, with time for promises in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#steady + ms
    await settled()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#steady = Math.max(this.#steady, next.at)
      this.#timers.delete(next)
      next.run()
      await settled()
    }
    this.#steady = end
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.at <= end)
    return due.sort((a, b) => a.at - b.at)[0]
  }
}

/** Some turns of the event loop: enough for promises and immediates to come to rest. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
