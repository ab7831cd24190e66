/** The findings of `posthorn/alerts`, for pages: the same rules and words, over restarts by what the inbox has counted. */
import { settingsOf } from '../../../alerts/options.ts'
import { type FindingId, findAll } from '../../../alerts/rules.ts'
import { seed } from '../../../alerts/seed.ts'
import { Seen } from '../../../alerts/seen.ts'
import { Shared } from '../../../alerts/shared.ts'
import { watchDoor } from '../../../lib/symbols.ts'
import type { Watched } from '../../../ports/watch-door.ts'
import type { TallyCount, TallyFilter } from '../../../public/look.ts'
import type { ViewRequest } from '../../types.ts'
import { allOf, orNull } from './loading.ts'

export interface FindingRow {
  readonly id: FindingId
  readonly about: string | null
  readonly severity: 'look' | 'act'
  readonly text: string
  /** When a page found it first. */
  readonly since: string
}

type Looks = Pick<ViewRequest, 'receiver' | 'now'>

class Watch {
  readonly #seen: Seen
  readonly #shared = new Shared()
  readonly #beganAt: number
  readonly #since = new Map<string, number>()
  #seeded: Promise<void> | null = null
  #followedAt = 0
  #last: { readonly at: number; readonly found: Promise<readonly FindingRow[]> } | null = null

  constructor(receiver: Watched) {
    this.#seen = new Seen(receiver[watchDoor])
    this.#beganAt = receiver[watchDoor].now()
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
    this.#seeded ??= this.#seed(request).catch((error: unknown) => {
      this.#seeded = null
      throw error
    })
    await this.#seeded
    await this.#follow(request)
    const door = request.receiver[watchDoor]
    const limits = settingsOf({ notify: () => {} }, door.sources).limits
    const stand = await this.#seen.stand()
    const { time } = this.#seen
    const now = time.now()
    this.#shared.add(this.#seen.take(), now)
    const { window, activity } = this.#shared
    const found = findAll({ ...stand, now, time, door, window, activity }, limits)
    const at = request.now.getTime()
    const keys = new Set(found.map(keyOf))
    for (const key of this.#since.keys()) if (!keys.has(key)) this.#since.delete(key)
    for (const key of keys) if (!this.#since.has(key)) this.#since.set(key, at)
    return found
      .map((one) => ({ ...one, since: new Date(this.#since.get(keyOf(one)) ?? at).toISOString() }))
      .sort((a, b) => Number(b.severity === 'act') - Number(a.severity === 'act') || a.since.localeCompare(b.since))
  }

  async #seed({ receiver, now }: Looks): Promise<void> {
    const [hour, day] = [new Date(now.getTime() - 3_600_000), new Date(now.getTime() - DAY_MS)]
    const before = await tallies(receiver, { since: day, until: hour, words: RECEIVED })
    const last = await tallies(receiver, { since: hour, until: now })
    seed(this.#shared, [...before, ...last], this.#beganAt)
    this.#followedAt = now.getTime()
  }

  /** A sender that posts to another process is not silent. */
  async #follow({ receiver, now }: Looks): Promise<void> {
    const at = now.getTime()
    if (Math.abs(at - this.#followedAt) < MINUTE_MS) return
    const since = new Date(Math.max(Math.min(this.#followedAt, at) - MINUTE_MS, at - DAY_MS))
    const received = await tallies(receiver, { since, until: now, words: RECEIVED })
    for (const { source, at: minute } of received) this.#shared.activity.addMinute(source, minute.getTime())
    this.#followedAt = at
  }
}

async function tallies({ inbox }: Looks['receiver'], filter: TallyFilter): Promise<readonly TallyCount[]> {
  return (await orNull(() => allOf(inbox.tallies({ step: 'minute', ...filter })))) ?? []
}

const RECEIVED = ['in', 'dup']
const [MINUTE_MS, DAY_MS] = [60_000, 86_400_000]
const SHARED_MS = 1_000
const keyOf = ({ id, about }: { readonly id: string; readonly about: string | null }) => `${id} ${about ?? ''}`

const watches = new WeakMap<object, Watch>()

/** Begins to listen: what can only be counted as it happens, is told from here on. */
export function watch(receiver: Watched): void {
  watchOf(receiver)
}

function watchOf(receiver: Watched): Watch {
  const { sources } = receiver[watchDoor]
  const own = watches.get(sources) ?? new Watch(receiver)
  watches.set(sources, own)
  return own
}

export const findingsOf = (request: Looks): Promise<readonly FindingRow[]> => watchOf(request.receiver).find(request)
