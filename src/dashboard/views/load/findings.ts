/** The findings of `posthorn/alerts`, for pages: the same rules and words, over restarts by what the inbox has counted. */
import { settingsOf } from '../../../alerts/options.ts'
import { type FindingId, findAll } from '../../../alerts/rules.ts'
import { seed } from '../../../alerts/seed.ts'
import { Seen } from '../../../alerts/seen.ts'
import { Shared } from '../../../alerts/shared.ts'
import { watchDoor } from '../../../lib/symbols.ts'
import type { Watched } from '../../../ports/watch-door.ts'
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
    this.#seeded ??= this.#seed(request)
    await this.#seeded
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
    const [hour, day] = [new Date(now.getTime() - 3_600_000), new Date(now.getTime() - 86_400_000)]
    const tallies = (since: Date, until: Date, words?: readonly string[]) =>
      orNull(async () => {
        const filter = { step: 'minute' as const, since, until, ...(words === undefined ? {} : { words }) }
        return await allOf(receiver.inbox.tallies(filter))
      })
    const before = await tallies(day, hour, ['in', 'dup'])
    seed(this.#shared, [...(before ?? []), ...((await tallies(hour, now)) ?? [])], this.#beganAt)
  }
}

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
