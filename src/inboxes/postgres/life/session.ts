/** One process at the database, from its opening to its close. */
import { PosthornError } from '../../../errors.ts'
import type { OrderKey } from '../../../ports/inbox/claims.ts'
import type { InboxListener } from '../../../ports/inbox/index.ts'
import type { InboxOpening } from '../../../ports/inbox/opening.ts'
import type { StoredPause } from '../../../ports/inbox/records.ts'
import type { SteadyWatch } from '../../rules/steady.ts'
import type { Database } from '../db/database.ts'
import type { Known } from '../look/known.ts'
import { seeHandlers } from './handlers.ts'
import { Holds } from './holds.ts'
import type { Wall } from './wall.ts'

const HOUR_MS = 3_600_000

export class Session {
  readonly db: Database
  readonly opening: InboxOpening
  readonly wall: Wall
  readonly watch: SteadyWatch
  /** For those who look. */
  readonly known: Known
  readonly holds = new Holds()
  /** The handlers it was opened with, sorted. */
  readonly own: readonly string[]
  /** A handler of it has an order. */
  readonly isOrdered: boolean
  /** The fence of its claims: another after they were lost. */
  owner: string
  /** Something waits for its turn that was under way when a process died. */
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

  /** With what it leapt back made good. */
  async now(): Promise<number> {
    const now = await this.wall.follow(this.db)
    if (now >= this.#seenAt + HOUR_MS) await this.see()
    return now
  }

  /** Its handlers are in use. */
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

  /** Those that the opening has told of. */
  knowPauses(paused: readonly StoredPause[]): void {
    this.#pauses = JSON.stringify(paused)
  }

  /** Where they are others than those that were told of last. */
  tellOfPauses(paused: readonly StoredPause[]): void {
    const text = JSON.stringify(paused)
    if (text === this.#pauses) return
    this.#pauses = text
    this.#tell((listener) => listener.paused?.(paused))
  }

  /** All that this process has claimed is not its own any more. */
  lose(): void {
    const tokens = this.holds.clear()
    if (tokens.length > 0) this.#tell((listener) => listener.lost?.(tokens))
  }

  #tell(tell: (listener: InboxListener) => void): void {
    for (const listener of this.#listeners) queueMicrotask(() => tell(listener))
  }
}

export const closed = (): PosthornError => new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
