/** The machine's time. Timers do not keep the process alive: the host's server does. */
import type { Clock } from '../../ports/clock.ts'

/** The longest `setTimeout` can wait; asked for more, it does not wait at all. */
const LONGEST_MS = 2 ** 31 - 1

/** A wait of more than 24 days ends early: whoever waits looks at the time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A clock whose wall time a test can move; what is measured, and timers, go on as they were. */
export class ShiftedClock implements Clock {
  readonly #clock: Clock
  #shiftMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now() + this.#shiftMs
  }

  steady(): number {
    return this.#clock.steady()
  }

  after(ms: number, run: () => void): () => void {
    return this.#clock.after(ms, run)
  }

  move(ms: number): void {
    this.#shiftMs += ms
  }
}
