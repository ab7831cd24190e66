/** Time as alerts reckon with it: what has passed, whatever the clock is set to. */
import type { WatchDoor } from '../ports/watch-door.ts'

/** Less is the way of a clock that is kept right. */
const LEAP_MS = 60_000
const MOST_LEAPS = 50

export interface Leap {
  /** What the clock says after it. */
  readonly at: number
  /** Negative: it was set back. */
  readonly ms: number
}

export class Time {
  readonly #door: WatchDoor
  readonly #leapt: (leap: Leap) => void
  readonly #ahead: Leap[] = []
  #before: { readonly now: number; readonly steady: number; readonly isShared: boolean } | null = null

  /** `leapt` is called before `now` answers what the clock says since. */
  constructor(door: WatchDoor, leapt: (leap: Leap) => void) {
    this.#door = door
    this.#leapt = leapt
  }

  /** That of the inbox where it has one, so that all processes on it agree. */
  now(): number {
    const shared = sharedTime(this.#door)
    const [now, steady, isShared] = [shared ?? this.#door.now(), this.#door.steady(), shared !== null]
    const before = this.#before
    this.#before = { now, steady, isShared }
    if (before?.isShared === isShared) this.#follow(now, now - before.now - (steady - before.steady))
    return now
  }

  /** Of what others have written down, in ms: a clock that was set ahead since has made nothing older. */
  age(at: number): number {
    const now = this.now()
    return this.#ahead.reduce((ms, leap) => (at < leap.at ? ms - leap.ms : ms), now - at)
  }

  #follow(at: number, ms: number): void {
    if (Math.abs(ms) < LEAP_MS) return
    if (ms > 0) this.#ahead.push({ at, ms })
    if (this.#ahead.length > MOST_LEAPS) this.#ahead.shift()
    this.#leapt({ at, ms })
  }
}

function sharedTime({ memos }: WatchDoor): number | null {
  try {
    return memos?.now() ?? null
  } catch {
    // It is not open.
    return null
  }
}
