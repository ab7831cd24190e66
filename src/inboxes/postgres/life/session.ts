/** One process at the database, from its opening to its close. */
import { PosthornError } from '../../../errors.ts'
import type { OrderKey } from '../../../ports/inbox/claims.ts'
import type { InboxListener } from '../../../ports/inbox/index.ts'
import type { InboxOpening } from '../../../ports/inbox/opening.ts'
import type { StoredPause } from '../../../ports/inbox/records.ts'
import type { SteadyWatch } from '../../rules/steady.ts'
import type { Database } from '../db/database.ts'
import type { Known } from '../look/known.ts'
import { tellFreed } from './freed.ts'
import { seeHandlers } from './handlers.ts'
import { Holds } from './holds.ts'
import { Orders, type Taken } from './orders.ts'
import type { Wall } from './wall.ts'

const HOUR_MS = 3_600_000

export class Session {
  readonly db: Database
  readonly opening: InboxOpening
  readonly wall: Wall
  readonly watch: SteadyWatch
  /** The words and uses that the database has stored, for counts by time. */
  readonly known: Known
  readonly holds = new Holds()
  readonly orders = new Orders()
  /** The handlers it was opened with, sorted. */
  readonly own: readonly string[]
  /** Whether a handler of it has `orderBy`. */
  readonly isOrdered: boolean
  /** The token that fences its claims; a new one after they were lost. */
  owner: string
  /** How often its claims were lost. */
  losses = 0
  /** Suspects wait to be claimed. */
  awaitsCare = false
  /** Bytes of bodies whose first pass has not ended, as last known. */
  backlog = 0
  readonly #listeners: readonly InboxListener[]
  #seenAt: number
  #pauses = '[]'

  constructor(
    db: Database,
    opening: InboxOpening,
    wall: Wall,
    watch: SteadyWatch,
    known: Known,
    owner: string,
    listeners: readonly InboxListener[],
  ) {
    this.db = db
    this.opening = opening
    this.wall = wall
    this.watch = watch
    this.known = known
    this.owner = owner
    this.own = opening.handlers.map(({ name }) => name).sort()
    this.isOrdered = opening.handlers.some(({ ordered = false }) => ordered)
    this.#listeners = listeners
    this.#seenAt = wall.now()
  }

  /** The time of the database; due times are moved where it leapt back. */
  async now(): Promise<number> {
    const now = await this.wall.follow(this.db)
    if (now >= this.#seenAt + HOUR_MS) await this.see()
    return now
  }

  /** Notes that its handlers are in use. */
  async see(): Promise<void> {
    this.#seenAt = this.wall.now()
    await seeHandlers(this.db, this.own, this.#seenAt)
  }

  tellOfWork(): void {
    this.#tell((listener) => listener.work?.())
  }

  tellOfFreed(keys: readonly OrderKey[]): void {
    if (keys.length > 0) this.#tell((listener) => listener.freed?.(keys))
  }

  /** Tells the listeners the keys that any process has freed since the last call. */
  async tellOfAllFreed(): Promise<void> {
    if (this.isOrdered) await tellFreed(this.db, this.owner, (keys) => this.tellOfFreed(keys))
  }

  /** Notes the pauses that the opening has returned. */
  knowPauses(paused: readonly StoredPause[]): void {
    this.#pauses = JSON.stringify(paused)
  }

  /** Tells the listeners, where the pauses differ from those told last. */
  tellOfPauses(paused: readonly StoredPause[]): void {
    const text = JSON.stringify(paused)
    if (text === this.#pauses) return
    this.#pauses = text
    this.#tell((listener) => listener.paused?.(paused))
  }

  /** Notes the orders that this process runs; the caller tells the process half. */
  runs(owner: string, taken: readonly Taken[]): void {
    this.orders.told(owner, taken)
    for (const { handler } of taken)
      this.opening.logger.info(
        { event: 'inbox.order_taken', inbox: 'postgres', handler },
        `this process runs "${handler}", which has orderBy; others stand by for it`,
      )
  }

  /** This process has lost all its claims: forgets them, and tells the listeners. */
  lose(): void {
    this.losses += 1
    const tokens = this.holds.clear()
    if (tokens.length > 0) this.#tell((listener) => listener.lost?.(tokens))
  }

  #tell(tell: (listener: InboxListener) => void): void {
    for (const listener of this.#listeners) queueMicrotask(() => tell(listener))
  }
}

export const closed = (): PosthornError => new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
