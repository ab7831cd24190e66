/** Time as alerts reckon with it: what has passed, whatever the clock is set to. */
import type { WatchDoor } from '../ports/watch-door.ts'

/** Less is the way of a clock that is kept right. */
const LEAP_MS = 60_000
const MOST_LEAPS = 50
const MOST_AGES = 100

export interface Leap {
  /** What the clock says after it. */
  readonly at: number
  /** Negative: it was set back. */
  readonly ms: number
}

export class Time {
  readonly #door: WatchDoor
  readonly #leapt: (leap: Leap) => void
  readonly #leaps: Leap[] = []
  /** What the clock said may come again after it was set back: an age that was asked for before goes on. */
  readonly #ages = new Map<number, { readonly age: number; readonly steady: number }>()
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

  /** Of what others have written down, in ms, whatever the clock was set to since; below 0: it was wrong before. */
  age(at: number): number {
    const [now, steady, known] = [this.now(), this.#door.steady(), this.#ages.get(at)]
    const age = known === undefined ? this.#passed(at, now) : known.age + steady - known.steady
    this.#ages.delete(at)
    this.#ages.set(at, { age, steady })
    const [oldest = at] = this.#ages.keys()
    if (this.#ages.size > MOST_AGES) this.#ages.delete(oldest)
    return age
  }

  /** Back from leap to leap, to the stretch that it is of. */
  #passed(at: number, now: number): number {
    let [passed, end] = [0, now]
    for (const { at: begin, ms } of this.#leaps.toReversed()) {
      if (at >= begin && at <= end) break
      passed += end - begin
      end = begin - ms
    }
    return passed + end - at
  }

  #follow(at: number, ms: number): void {
    if (Math.abs(ms) < LEAP_MS) return
    this.#leaps.push({ at, ms })
    if (this.#leaps.length > MOST_LEAPS) this.#leaps.shift()
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
