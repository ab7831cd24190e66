/**
 * The port of the inbox in memory: one synchronous step per call, so every call is atomic by itself. As with every
 * embedded inbox `seq` has no gaps, claims live as long as the process, and one delivery at a time is worked on that
 * wants care.
 */

import { OptionError, PosthornError } from '../../errors.ts'
import type { Claims, OrderKey } from '../../ports/inbox/claims.ts'
import type { EventKeyStore, Reservation } from '../../ports/inbox/event-keys.ts'
import type { InboxListener, InboxPort } from '../../ports/inbox/index.ts'
import type { Intake } from '../../ports/inbox/intake.ts'
import type { LookPort } from '../../ports/inbox/look.ts'
import type { Memos } from '../../ports/inbox/memos.ts'
import type { InboxOpened, InboxOpening } from '../../ports/inbox/opening.ts'
import type { AnswerTo, Command } from '../../ports/inbox/operations.ts'
import type { Ordering } from '../../ports/inbox/ordering.ts'
import type { Records } from '../../ports/inbox/records.ts'
import { OVER_MAX, PRUNE_MS, RENEW_MS } from '../rules/upkeep.ts'
import { MemoryClaims } from './claims.ts'
import { MemoryIntake } from './intake.ts'
import { lookAt } from './look.ts'
import { memosIn } from './memos.ts'
import { carryOver, see, takeStock } from './open.ts'
import { carryOut } from './operations.ts'
import { keepOrder, storedKeys, wake } from './order.ts'
import { prune } from './prune.ts'
import { MemoryRecords } from './records.ts'
import { Session } from './session.ts'
import { left } from './stats.ts'
import { MemoryStore } from './store.ts'

export class MemoryInbox implements InboxPort {
  readonly intake: Intake
  readonly claims: Claims
  readonly records: Records
  readonly look: LookPort
  readonly memos: Memos
  readonly traces = true
  readonly ordering: Ordering = { wake: async (keys, atMost) => this.#wake(keys, atMost) }
  readonly eventKeys: EventKeyStore
  readonly #session: Session
  readonly #store: MemoryStore
  #cancelRenewal: () => void = () => {}
  #cancelPruning: () => void = () => {}
  #over = false
  readonly #isBeside: boolean

  /**
   * `store` is what an inbox held before, as a file would. `beside`: others may have it open at the same time; without it
   * whoever has not closed it is dead when it is opened.
   */
  constructor(store: MemoryStore = new MemoryStore(), { beside = false } = {}) {
    this.#store = store
    this.#isBeside = beside
    this.eventKeys = {
      firstSeen: async (windowMs, keys) => this.#firstSeen(windowMs, keys),
      ...(beside && { reserve: async (reservation) => this.#reserve(reservation) }),
    }
    this.#session = new Session(store)
    this.intake = new MemoryIntake(this.#session)
    this.claims = new MemoryClaims(this.#session)
    this.records = new MemoryRecords(this.#session)
    this.look = lookAt(store.looks, () => this.#session.opening())
    this.memos = memosIn(this.#session)
  }

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#session.isOpen) throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    if (opening.role === 'control')
      throw new OptionError('an inbox in memory has one process: there is no other to control it from')
    opening.logger.warn(
      { event: 'inbox.in_memory', inbox: 'memory' },
      'the inbox is in memory: what it holds is lost with the process',
    )
    if (!this.#isBeside) this.#store.sessions.clear()
    this.#session.begin(opening)
    this.#store.followClock(opening.clock.now())
    takeStock(this.#store)
    keepOrder(this.#store, opening)
    const newHandlers = carryOver(this.#store, opening)
    this.#renewHourly(opening)
    if (opening.retention) this.#pruneOften(opening)
    const { own } = this.#store
    const absent = this.#store.belonging().filter((name) => !own.includes(name))
    const stats = await this.records.stats()
    return { stats, newHandlers, left: left(this.#store), absent, storedKeys: storedKeys(this.#store) }
  }

  on(listener: InboxListener): void {
    this.#session.listen(listener)
  }

  async carryOut<C extends Command>(command: C): Promise<AnswerTo<C>> {
    return carryOut(this.#session, command)
  }

  async close(): Promise<void> {
    if (!this.#session.isOpen) return
    const { clock } = this.#session.opening()
    this.#store.giveBack(this.#store.heldBy(this.#session))
    see(this.#store, clock.now())
    this.#cancelRenewal()
    this.#cancelPruning()
    this.#session.end()
  }

  #firstSeen(windowMs: number, keys: Float64Array): readonly number[] {
    const now = this.#session.opening().clock.now()
    return this.#store.eventKeys.firstSeen(windowMs, keys, now, this.#session.isSteady())
  }

  #reserve({ seq, ...keys }: Reservation): readonly number[] {
    this.#session.opening()
    this.#store.eventKeys.keep(keys, seq, this.#session.isSteady())
    return this.#firstSeen(keys.windowMs, keys.keys)
  }

  /** Others take it for dead: its claims are theirs to be careful with, and it is told. It goes on, with new claims. */
  lose(): void {
    const tokens = this.#session.holds().map(({ token }) => token)
    this.#store.sessions.delete(this.#session)
    takeStock(this.#store)
    this.#store.sessions.add(this.#session)
    this.#session.tellOfLost(tokens)
    this.#session.tellOfWork()
  }

  #wake(keys: readonly OrderKey[], atMost: number): readonly OrderKey[] {
    const now = this.#session.now()
    const left = keys.filter((key) => wake(this.#store, key, atMost, now))
    this.#session.tellOfWork()
    return left
  }

  #renewHourly(opening: InboxOpening): void {
    const { clock } = opening
    this.#cancelRenewal = clock.after(RENEW_MS, () => {
      see(this.#store, clock.now())
      this.#renewHourly(opening)
    })
  }

  #pruneOften(opening: InboxOpening): void {
    const { clock, retention, logger } = opening
    this.#cancelPruning = clock.after(PRUNE_MS, () => {
      const { over } = prune(this.#store, retention, this.#session.now(), this.#session.isSteady())
      if (over && !this.#over)
        logger.warn({ event: 'inbox.over_max', inbox: 'memory', maxBytes: retention?.maxBytes }, OVER_MAX)
      this.#over = over
      this.#pruneOften(opening)
    })
  }
}
