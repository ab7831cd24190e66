/** What all who watch one inbox know together: as it is kept between two looks, and over restarts. */
import { Activity } from './activity.ts'
import type { Batch } from './batch.ts'
import { FINDINGS, type Found, ITS_OWN } from './rules.ts'
import type { Leap } from './time.ts'
import { isFound, keyOf, Told } from './told.ts'
import { Window } from './window.ts'

interface Look {
  readonly at: number
  readonly found: readonly Found[]
}

/** Whoever tells has so long for each finding; then another may. */
const TELLING_MS = 60_000
/** Several processes see one leap of one clock, within so long of each other; and measure it so exactly. */
const SAME_LEAP_MS = 180_000
const EXACT_MS = 5_000

export class Shared {
  readonly window = new Window()
  readonly activity = new Activity()
  readonly told = new Told()
  /** What processes have found that others cannot see, by process. */
  readonly #looks = new Map<string, Look>()
  #telling: { readonly who: string; readonly until: number } | null = null
  #leap: Leap | null = null

  /** Of a text that is none, what can be read. */
  static parse(text: string | null): Shared {
    const shared = new Shared()
    if (text !== null) shared.#restore(parsed(text))
    return shared
  }

  /** As JSON. */
  save(): string {
    return JSON.stringify({
      ...{ told: this.told.save(), activity: this.activity.save(), counts: this.window.save() },
      ...{ looks: Object.fromEntries(this.#looks), telling: this.#telling, leap: this.#leap },
    })
  }

  add({ window, activity, leaps }: Batch, now: number): void {
    for (const leap of leaps) this.#shift(leap)
    this.window.merge(window)
    this.activity.merge(activity)
    for (const one of [this.window, this.activity, this.told]) one.tidy(now)
    this.activity.forgetAllBut(activity, now)
  }

  /**
   * What is found, in its order: by this process, and what others have found lately. Of a finding of several the worst is
   * taken.
   */
  found(who: string, own: readonly Found[], { now, freshMs }: { readonly now: number; readonly freshMs: number }) {
    for (const [other, { at }] of this.#looks) if (Math.abs(now - at) > freshMs) this.#looks.delete(other)
    const others = [...this.#looks].filter(([other]) => other !== who).flatMap(([, { found }]) => found)
    this.#looks.set(who, { at: now, found: own.filter(({ id }) => ITS_OWN.has(id)) })
    return worstOf([...own, ...others]).sort((a, b) => FINDINGS.indexOf(a.id) - FINDINGS.indexOf(b.id))
  }

  /** What was told and goes on, where somebody has looked lately; else nobody would have told its end. */
  standing(now: number, freshMs: number): ReturnType<Told['save']> {
    const isWatched = [...this.#looks.values()].some(({ at }) => Math.abs(now - at) <= freshMs)
    return isWatched ? this.told.save() : []
  }

  /** Of several processes one tells, until it lets go of it, or for a while. */
  mayTell(who: string, now: number): boolean {
    const other = this.#telling
    const isOthers = other !== null && other.who !== who && other.until > now && other.until <= now + TELLING_MS
    if (!isOthers) this.#telling = { who, until: now + TELLING_MS }
    return !isOthers
  }

  letGo(who: string): void {
    if (this.#telling?.who === who) this.#telling = null
  }

  /** The clock was set, and all that it has dated goes with it, once. */
  #shift({ at, ms }: Leap): void {
    const before = this.#leap
    const isKnown = before !== null && Math.abs(before.ms - ms) < EXACT_MS && Math.abs(before.at - at) < SAME_LEAP_MS
    if (isKnown) return
    this.#leap = { at, ms }
    for (const one of [this.window, this.activity, this.told]) one.shift(ms)
    for (const [who, look] of this.#looks) this.#looks.set(who, { ...look, at: look.at + ms })
    if (this.#telling !== null) this.#telling = { ...this.#telling, until: this.#telling.until + ms }
  }

  #restore(saved: unknown): void {
    const { told, activity, counts, looks, telling, leap } = Object(saved) as Record<string, unknown>
    this.told.restore(told)
    this.activity.restore(activity)
    this.window.restore(counts)
    for (const [who, look] of Object.entries(Object(looks))) {
      const { at, found } = Object(look) as Record<string, unknown>
      if (isTime(at) && Array.isArray(found)) this.#looks.set(who, { at, found: found.filter(isFound) })
    }
    const { who, until } = Object(telling) as Record<string, unknown>
    if (typeof who === 'string' && isTime(until)) this.#telling = { who, until }
    const { at, ms } = Object(leap) as Record<string, unknown>
    if (isTime(at) && isTime(ms)) this.#leap = { at, ms }
  }
}

/** Each finding once: the first of those that are worst. */
export function worstOf(found: readonly Found[]): Found[] {
  const worst = new Map<string, Found>()
  for (const one of found) {
    const before = worst.get(keyOf(one))
    if (before === undefined || (before.severity === 'look' && one.severity === 'act')) worst.set(keyOf(one), one)
  }
  return [...worst.values()]
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
