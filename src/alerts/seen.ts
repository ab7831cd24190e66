/** What the rules look at: counts of the last hour, the activity of sources, and how things stand now. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StoredStats } from '../ports/inbox/records.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { TallyCount } from '../public/look.ts'
import { Activity } from './activity.ts'
import { Window } from './window.ts'

/** Answers that took longer than this share of the time limit of their sender. */
export const SHARES = [0.5, 0.9] as const
export const USUAL_LIMIT_MS = 10_000
const [LATE_MS, AHEAD_MS] = [600_000, 60_000]
const MINUTE_MS = 60_000
/** Over ten minutes. */
const LATE_WORDS = ['late:4', 'late:5', 'late:6', 'late:7']

export interface Situation {
  readonly now: number
  readonly startedAt: number
  readonly door: WatchDoor
  readonly window: Window
  readonly activity: Activity
  readonly health: { readonly ready: boolean; readonly reason: string | null }
  /** null: the inbox does not answer. */
  readonly stats: StoredStats | null
  /** Share of the disk that is free; null: it cannot be told. */
  readonly diskFree: number | null
}

export class Seen {
  readonly activity = new Activity()
  readonly #window = new Window()
  readonly #door: WatchDoor
  readonly #startedAt: number
  readonly #offs: readonly (() => void)[]

  constructor(door: WatchDoor) {
    this.#door = door
    this.#startedAt = door.now()
    this.#offs = [
      door.on('stored', ({ source, status, ackMs }) => {
        this.activity.add(source, door.now())
        this.#add(`${status}:${source}`)
        this.#answered(source, ackMs)
      }),
      door.on('senderLeft', ({ source }) => this.#add(`left:${source}`)),
      door.on('turnedAway', ({ source }) => this.#add(`turned:${source}`)),
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

  /** What an inbox has counted before this began: minutes of the last hour, and of the last day those with a delivery. */
  seed(counts: Iterable<Pick<TallyCount, 'at' | 'source' | 'word' | 'count'>>): void {
    const began = Math.floor(this.#startedAt / MINUTE_MS) * MINUTE_MS
    for (const { at, source, word, count } of counts) {
      if (at.getTime() >= began) continue
      if (word === 'in' || word === 'dup') this.activity.addMinute(source, at.getTime())
      const key = seedKey(word, source)
      if (key !== null) this.#window.put(key, count, at.getTime())
      if (word.startsWith('late:')) this.#window.put(`read:${source}`, count, at.getTime())
    }
  }

  async situation(): Promise<Situation> {
    const door = this.#door
    const [stats, health, diskFree] = await Promise.all([door.stats(), door.ready(), freeShare(door.path())])
    const { activity } = this
    const kept = { now: door.now(), startedAt: this.#startedAt, door, window: this.#window, activity }
    return { ...kept, health, stats, diskFree }
  }

  end(): void {
    for (const off of this.#offs) off()
  }

  #answered(source: string, ackMs: number): void {
    const limit = this.#door.sources.get(source)?.ackLimitMs ?? USUAL_LIMIT_MS
    for (const share of SHARES) if (ackMs > limit * share) this.#add(`over${share}:${source}`)
  }

  #add(key: string, by = 1): void {
    if (by > 0) this.#window.add(key, by, this.#door.now())
  }
}

/** How the window calls what the inbox counts so; null: it has no use for it. */
function seedKey(word: string, source: string): string | null {
  if (word === 'in') return `accepted:${source}`
  if (word === 'dup') return `duplicate:${source}`
  if (word === 'left' || word === 'quarantined') return `${word}:${source}`
  if (word.startsWith('dead:')) return word
  if (word.startsWith('ev:') && word.endsWith('/unknown')) return `unknown:${source}`
  return LATE_WORDS.includes(word) ? `late:${source}` : null
}

async function freeShare(path: string | null): Promise<number | null> {
  if (path === null) return null
  return await statfs(dirname(path)).then(
    ({ bavail, blocks }) => (blocks > 0 ? bavail / blocks : null),
    () => null,
  )
}
