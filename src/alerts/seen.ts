/** What a process sees: counts since it told them to the others, the activity of sources, and how things stand now. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StoredStats } from '../ports/inbox/records.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import { Activity } from './activity.ts'
import type { Batch } from './batch.ts'
import { type Leap, Time } from './time.ts'
import { Window } from './window.ts'

/** Answers that took longer than this share of the time limit of their sender. */
export const SHARES = [0.5, 0.9] as const
export const USUAL_LIMIT_MS = 10_000
const [LATE_MS, AHEAD_MS] = [600_000, 60_000]

/** How things stand now. */
export interface Stand {
  readonly health: { readonly ready: boolean; readonly reason: string | null }
  /** null: the inbox does not answer. */
  readonly stats: StoredStats | null
  /** Share of the disk that is free; null: it cannot be told. */
  readonly diskFree: number | null
}

/** What the rules look at. */
export interface Situation extends Stand {
  readonly now: number
  readonly time: Time
  readonly door: WatchDoor
  readonly window: Window
  readonly activity: Activity
}

export class Seen {
  readonly time: Time
  readonly #door: WatchDoor
  readonly #offs: readonly (() => void)[]
  #window = new Window()
  #activity = new Activity()
  #leaps: Leap[] = []

  constructor(door: WatchDoor) {
    this.#door = door
    this.time = new Time(door, (leap) => this.#leapt(leap))
    this.#watchSources()
    this.#offs = [
      door.on('stored', ({ source, status, ackMs }) => {
        this.#activity.add(source, this.time.now())
        this.#add(`${status}:${source}`)
        this.#answered(source, ackMs)
      }),
      door.on('senderLeft', ({ source }) => this.#add(`left:${source}`)),
      door.on('turnedAway', ({ source }) => this.#add(`turned:${source}`)),
      door.on('tokenRefused', ({ source }) => this.#add(`turned:${source}`)),
      door.on('read', ({ source, counts: { types, lateMs } }) => {
        for (const count of types.get('unknown')?.values() ?? []) this.#add(`unknown:${source}`, count)
        this.#add(`read:${source}`, lateMs.length)
        this.#add(`late:${source}`, lateMs.filter((ms) => ms > LATE_MS).length)
        this.#add(`ahead:${source}`, lateMs.filter((ms) => ms < -AHEAD_MS).length)
      }),
      door.on('settled', ({ claim, end }) => {
        for (const { letter } of end.dead) this.#add(`dead:${letter.handler}`)
        this.#add(`quarantined:${claim.delivery.source}`, end.settlement.quarantined.length)
      }),
    ]
  }

  async stand(): Promise<Stand> {
    const door = this.#door
    const [stats, health, diskFree] = await Promise.all([door.stats(), door.ready(), freeShare(door.path())])
    return { stats, health, diskFree }
  }

  /** What was seen since the last time, to be stored, or put back. */
  take(): Batch {
    this.#watchSources()
    const batch = { window: this.#window, activity: this.#activity, leaps: this.#leaps }
    this.#window = new Window()
    this.#activity = new Activity()
    this.#leaps = []
    return batch
  }

  putBack({ window, activity, leaps }: Batch): void {
    this.#window.merge(window)
    this.#activity.merge(activity)
    this.#leaps.unshift(...leaps)
    // Nobody may take it for days.
    const now = this.time.now()
    this.#window.tidy(now)
    this.#activity.tidy(now)
  }

  end(): void {
    for (const off of this.#offs) off()
  }

  /** Those that are configured now: each is silent from then on. */
  #watchSources(): void {
    const now = this.time.now()
    for (const source of this.#door.sources.keys()) this.#activity.watch(source, now)
  }

  #leapt(leap: Leap): void {
    this.#leaps.push(leap)
    this.#window.shift(leap.ms)
    this.#activity.shift(leap.ms)
  }

  #answered(source: string, ackMs: number): void {
    const limit = this.#door.sources.get(source)?.ackLimitMs ?? USUAL_LIMIT_MS
    for (const share of SHARES) if (ackMs > limit * share) this.#add(`over${share}:${source}`)
  }

  #add(key: string, by = 1): void {
    if (by > 0) this.#window.add(key, by, this.time.now())
  }
}

async function freeShare(path: string | null): Promise<number | null> {
  if (path === null) return null
  return await statfs(dirname(path)).then(
    ({ bavail, blocks }) => (blocks > 0 ? bavail / blocks : null),
    () => null,
  )
}
