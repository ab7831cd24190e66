/**
 * The time of the database, so that all processes agree. It is measured at the opening and with each renewal of the
 * lease, and runs by the steady clock in between; setting the clock of this machine does not change it.
 */
import { performance } from 'node:perf_hooks'
import type { Clock } from '../../../ports/clock.ts'
import { leapBack } from '../../rules/leap.ts'
import type { Database, Session } from '../db/database.ts'

const readTime = 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now'
const noteTime = 'UPDATE @control SET latest_at = $1 WHERE latest_at < $1'
const lockTime = 'SELECT latest_at FROM @control FOR UPDATE'
const setTime = 'UPDATE @control SET latest_at = $1'
const bringForward = 'UPDATE @work SET due_at = due_at - $1 WHERE due_at > $2 AND state = 0'

/** Smaller differences are errors of measurement. */
const WORTH_APPLYING_MS = 500
/** How often the latest time is stored, in ms. */
const NOTED_EACH_MS = 1_000

export class Wall implements Clock {
  readonly #clock: Clock
  readonly #measures: boolean
  #base: { readonly wall: number; readonly steady: number } | null = null
  #latest = 0
  #noted = 0

  /** `measures` false: `clock` is a test clock, and its time counts. */
  constructor(clock: Clock, measures: boolean) {
    this.#clock = clock
    this.#measures = measures
  }

  now(): number {
    if (this.#base === null) return this.#clock.now()
    return Math.floor(this.#base.wall + this.#clock.steady() - this.#base.steady)
  }

  /** How far the time of the database is ahead of `clock`, in ms. */
  ahead(): number {
    return this.#base === null ? 0 : this.now() - this.#clock.now()
  }

  steady(): number {
    return this.#clock.steady()
  }

  after(ms: number, run: () => void): () => void {
    return this.#clock.after(ms, run)
  }

  async measure(db: Database): Promise<void> {
    if (!this.#measures) return
    const before = performance.now()
    const [row] = await db.all<{ now: number }>(readTime)
    const half = (performance.now() - before) / 2
    const wall = (row?.now ?? 0) + half
    if (this.#base === null || Math.abs(wall - this.now()) > WORTH_APPLYING_MS)
      this.#base = { wall, steady: this.#clock.steady() }
  }

  /** Returns the time now. Where it was set back, moves due times back by as much. */
  async follow(db: Database): Promise<number> {
    const now = this.now()
    if (leapBack(this.#latest, now) > 0) await this.#leap(db, now)
    this.#latest = now
    if (now >= this.#noted + NOTED_EACH_MS) {
      this.#noted = now
      await db.all(noteTime, now)
    }
    return now
  }

  /** At the opening: the time may have been set back since a process last stored it. */
  async begin(db: Database): Promise<number> {
    await this.measure(db)
    const now = this.now()
    await this.#leap(db, now)
    this.#latest = now
    return now
  }

  /** Of several processes that see the same leap, one moves the due times. */
  #leap(db: Database, now: number): Promise<void> {
    return db.transaction(async (session) => {
      const [row] = await session.all<{ latest_at: number }>(lockTime)
      const known = row?.latest_at ?? 0
      const leap = leapBack(known, now) > 0 ? Math.max(known, this.#latest) - now : 0
      if (leap > 0) await session.all(bringForward, leap, now)
      await this.#set(session, leap > 0 ? now : Math.max(known, now))
    })
  }

  async #set(session: Session, at: number): Promise<void> {
    this.#noted = at
    await session.all(setTime, at)
  }
}
