/** One process at a store in memory, from its opening to its close. */
import { PosthornError } from '../../errors.ts'
import type { OrderKey } from '../../ports/inbox/claims.ts'
import type { InboxListener } from '../../ports/inbox/index.ts'
import type { InboxOpening } from '../../ports/inbox/opening.ts'
import { SteadyWatch, waitsToLetGo } from '../rules/steady.ts'
import { see } from './open.ts'
import { pausesOf } from './stats.ts'
import type { Hold, Holder, MemoryStore } from './store.ts'

export class Session implements Holder {
  readonly store: MemoryStore
  sources: ReadonlySet<string> | null = null
  readonly #listeners: InboxListener[] = []
  #opening: InboxOpening | null = null
  #watch: SteadyWatch | null = null

  constructor(store: MemoryStore) {
    this.store = store
  }

  get isOpen(): boolean {
    return this.#opening !== null
  }

  get own(): readonly string[] {
    return (this.#opening?.handlers ?? []).map(({ name }) => name).sort()
  }

  /** Its claims. */
  holds(): Hold[] {
    return [...this.store.held.values()].filter(({ holder }) => holder === this)
  }

  begin(opening: InboxOpening): void {
    const { clock, logger } = opening
    const tell = (aheadMs: number) => {
      logger.warn({ event: 'inbox.clock_leapt', inbox: 'memory', aheadMs }, waitsToLetGo(aheadMs))
      see(this.store, clock.now())
    }
    this.store.believedAt ||= this.store.now || clock.now()
    this.#watch = new SteadyWatch(clock, this.store.believedAt, tell)
    this.#opening = opening
    this.store.sessions.add(this)
  }

  end(): void {
    this.#opening = null
    this.store.sessions.delete(this)
  }

  listen(listener: InboxListener): void {
    this.#listeners.push(listener)
  }

  /** @throws ERR_INBOX_CLOSED */
  opening(): InboxOpening {
    if (!this.#opening) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    return this.#opening
  }

  /** What the clock says, with what it leapt back made good. */
  now(): number {
    const now = this.opening().clock.now()
    this.store.followClock(now)
    return now
  }

  isSteady(): boolean {
    return this.#watch?.isSteady() ?? false
  }

  tellOfWork(): void {
    this.#tellAll((listener) => listener.work?.())
  }

  tellOfFreed(keys: readonly OrderKey[]): void {
    if (keys.length > 0) this.#tellAll((listener) => listener.freed?.(keys))
  }

  tellOfPauses(): void {
    const paused = pausesOf(this.store)
    this.#tellAll((listener) => listener.paused?.(paused))
  }

  /** Its claims are no longer its own. */
  tellOfLost(tokens: readonly number[]): void {
    this.tell((listener) => listener.lost?.(tokens))
  }

  tell(what: (listener: InboxListener) => void): void {
    for (const listener of this.#listeners) queueMicrotask(() => what(listener))
  }

  /** Every process at the store. */
  #tellAll(what: (listener: InboxListener) => void): void {
    for (const session of this.store.sessions) session.tell(what)
  }
}
