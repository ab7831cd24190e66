/**
 * The findings of `posthorn/alerts`, for pages: the same rules and words. They are counted from three sides, of each minute
 * the side that has most: what this process sees, what the alerts of all processes have stored, and what the inbox has
 * counted by itself, where nobody has alerts.
 */
import { known } from '../../../alerts/known.ts'
import { type FindingId, type Found, findAll } from '../../../alerts/rules.ts'
import { seed } from '../../../alerts/seed.ts'
import { Seen } from '../../../alerts/seen.ts'
import { Shared, worstOf } from '../../../alerts/shared.ts'
import { keyOf } from '../../../alerts/told.ts'
import { Window } from '../../../alerts/window.ts'
import { watchDoor } from '../../../lib/symbols.ts'
import type { Watched } from '../../../ports/watch-door.ts'
import type { TallyCount, TallyFilter } from '../../../public/look.ts'
import type { ViewRequest } from '../../types.ts'
import { watchAcks } from './acks.ts'
import { allOf, orNull } from './loading.ts'

export interface FindingRow {
  readonly id: FindingId
  readonly about: string | null
  readonly severity: 'look' | 'act'
  readonly text: string
  /** When it was told first, or a page found it first. */
  readonly since: string
}

type Looks = Pick<ViewRequest, 'receiver' | 'now'>

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]
const RECEIVED = ['in', 'dup']
/** Many who look share one finding so long, and what the inbox has counted so long. */
const [SHARED_MS, COUNTED_MS] = [1_000, 10_000]
/** What others have found stands so long without another word of theirs. */
const FRESH_MS = 180_000

class Watch {
  readonly #seen: Seen
  /** Of this process, and when sources had deliveries at all. */
  readonly #own = new Shared()
  readonly #since = new Map<string, number>()
  #counted = new Window()
  #countedAt: number | null = null
  #last: { readonly at: number; readonly found: Promise<readonly FindingRow[]> } | null = null

  constructor(receiver: Watched) {
    this.#seen = new Seen(receiver[watchDoor])
  }

  /** Many who look share one finding for a second. */
  find(request: Looks): Promise<readonly FindingRow[]> {
    const at = request.now.getTime()
    if (this.#last === null || Math.abs(at - this.#last.at) >= SHARED_MS) {
      const found = this.#find(request)
      this.#last = { at, found }
      found.catch(() => {
        this.#last = null
      })
    }
    return this.#last.found
  }

  async #find(request: Looks): Promise<readonly FindingRow[]> {
    const door = request.receiver[watchDoor]
    const [stand, { limits, shared }] = await Promise.all([this.#seen.stand(), known(door), this.#count(request)])
    const { time } = this.#seen
    const now = time.now()
    this.#own.add(this.#seen.take(), now)
    const { activity } = this.#own
    const window = new Window()
    for (const one of [this.#own.window, this.#counted, ...shared.map((other) => other.window)]) window.raise(one)
    for (const other of shared) activity.merge(other.activity)
    const situation = { ...stand, now, time, door, window, activity }
    const own = limits.flatMap((one) => findAll(situation, one))
    const told = shared.flatMap((one) => one.standing(now, FRESH_MS))
    const all = [...own, ...told.map(({ found }) => found)]
    const found = [this.#own, ...shared].flatMap((one) => one.found(OWN, all, { now, freshMs: FRESH_MS }))
    return this.#rows(worstOf(found), new Map(told.map((one) => [keyOf(one.found), one.since])), request.now.getTime())
  }

  /** With since when each is known, the oldest of what is to be done first. */
  #rows(found: readonly Found[], told: ReadonlyMap<string, number>, at: number): FindingRow[] {
    const keys = new Set(found.map(keyOf))
    for (const key of this.#since.keys()) if (!keys.has(key)) this.#since.delete(key)
    for (const key of keys) this.#since.set(key, told.get(key) ?? this.#since.get(key) ?? at)
    return found
      .map((one) => ({ ...one, since: new Date(this.#since.get(keyOf(one)) ?? at).toISOString() }))
      .sort((a, b) => Number(b.severity === 'act') - Number(a.severity === 'act') || a.since.localeCompare(b.since))
  }

  /** Also what other processes have counted: a sender that posts to another one is not silent. */
  async #count({ receiver, now }: Looks): Promise<void> {
    const at = now.getTime()
    const before = this.#countedAt
    if (before !== null && Math.abs(at - before) < COUNTED_MS) return
    const hour = new Date(at - HOUR_MS)
    // The minutes of the day before stand: they are asked for again where nobody has looked for long.
    const since = before === null ? at - DAY_MS : Math.max(Math.min(before, at) - MINUTE_MS, at - DAY_MS)
    const day = since < hour.getTime()
    const earlier = day ? await tallies(receiver, { since: new Date(since), until: hour, words: RECEIVED }) : []
    // The minute of now too.
    const last = await tallies(receiver, { since: hour })
    const counted = { window: new Window(), activity: this.#own.activity }
    seed(counted, [...earlier, ...last])
    this.#counted = counted.window
    this.#countedAt = at
  }
}

const OWN = 'this page'

async function tallies({ inbox }: Looks['receiver'], filter: TallyFilter): Promise<readonly TallyCount[]> {
  return (await orNull(() => allOf(inbox.tallies({ step: 'minute', ...filter })))) ?? []
}

const watches = new WeakMap<object, Watch>()

/** Begins to listen: what can only be counted as it happens, is told from here on. */
export function watch(receiver: Watched): void {
  watchOf(receiver)
  watchAcks(receiver)
}

function watchOf(receiver: Watched): Watch {
  const { sources } = receiver[watchDoor]
  const own = watches.get(sources) ?? new Watch(receiver)
  watches.set(sources, own)
  return own
}

export const findingsOf = (request: Looks): Promise<readonly FindingRow[]> => watchOf(request.receiver).find(request)
