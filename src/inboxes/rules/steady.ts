/**
 * Whether retention may believe the wall clock. After one wrong answer of a time server everything looks old enough:
 * after a leap forward retention waits until the clock has run evenly for an hour.
 */
import type { Clock } from '../../ports/clock.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A larger difference to the steady clock between two calls of `isSteady` is a leap. */
const LEAP_MS = 60_000

export class SteadyWatch {
  readonly #clock: Clock
  readonly #tell: (aheadMs: number) => void
  #wall: number
  #steady: number
  /** In steady time. */
  #waitsUntil = Number.NEGATIVE_INFINITY

  /** `believedAt`: the latest wall time that retention believed; 0: none. `tell` is called after a leap. */
  constructor(clock: Clock, believedAt: number, tell: (aheadMs: number) => void) {
    this.#clock = clock
    this.#tell = tell
    this.#wall = clock.now()
    this.#steady = clock.steady()
    if (isJump(believedAt, this.#wall)) this.#wait(this.#wall - believedAt)
  }

  isSteady(): boolean {
    const [wall, steady] = [this.#clock.now(), this.#clock.steady()]
    const aheadMs = wall - this.#wall - (steady - this.#steady)
    this.#wall = wall
    this.#steady = steady
    if (aheadMs > LEAP_MS) this.#wait(aheadMs)
    return steady >= this.#waitsUntil
  }

  #wait(aheadMs: number): void {
    this.#waitsUntil = this.#steady + HOUR_MS
    this.#tell(aheadMs)
  }
}

/** Whether `now` is so far after `believedAt` that the clock may have leapt while the inbox was closed. */
export const isJump = (believedAt: number, now: number): boolean => believedAt > 0 && now - believedAt > DAY_MS

export const waitsToLetGo = (aheadMs: number): string =>
  `the clock is ${Math.round(aheadMs / 60_000)} min ahead of what was known: retention lets go of nothing by its age until it has gone evenly for an hour`
