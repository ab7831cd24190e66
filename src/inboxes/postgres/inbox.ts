/** The port: sessions at a database, each from its opening to its close. */
import { PosthornError } from '../../errors.ts'
import type { Claims } from '../../ports/inbox/claims.ts'
import type { EventKeyStore } from '../../ports/inbox/event-keys.ts'
import type { InboxListener, InboxPort } from '../../ports/inbox/index.ts'
import type { Intake } from '../../ports/inbox/intake.ts'
import type { LookPort } from '../../ports/inbox/look.ts'
import type { Memos } from '../../ports/inbox/memos.ts'
import type { InboxOpened, InboxOpening } from '../../ports/inbox/opening.ts'
import type { AnswerTo, Command } from '../../ports/inbox/operations.ts'
import type { Ordering } from '../../ports/inbox/ordering.ts'
import type { Records } from '../../ports/inbox/records.ts'
import { ownersOf, reserve } from './claims/event-keys.ts'
import { Cut } from './db/cut.ts'
import { closed } from './life/session.ts'
import { wake } from './life/wake.ts'
import type { Settings } from './open/begin.ts'
import { claimsOf } from './open/claims-face.ts'
import { lookOf } from './open/look-face.ts'
import { Opened } from './open/opened.ts'
import { recordsOf } from './open/records-face.ts'
import { carryOut } from './operate/carry-out.ts'
import { readMemo, writeMemo } from './operate/memos.ts'

/** Of a close that nobody has set a shorter time for, and of a start that is to end. */
const CLOSE_MS = 10_000
const START_MS = 1_000

export class PostgresInbox implements InboxPort {
  readonly intake: Intake
  readonly claims: Claims
  readonly records: Records
  readonly ordering: Ordering
  readonly eventKeys: EventKeyStore
  readonly look: LookPort
  readonly memos: Memos = {
    read: async (name) => readMemo(this.#now().session.db, name),
    write: async (name, text, after) => writeMemo(this.#now().session.db, name, text, after),
    now: () => this.#now().session.wall.now(),
  }
  readonly traces = true
  readonly #settings: Settings
  readonly #listeners: InboxListener[] = []
  #isTaken = false
  /** Of the opening; null: none is there, nor on its way. */
  #cut: Cut | null = null
  #opening: Promise<unknown> | null = null
  #opened: Opened | null = null
  #closing: Promise<void> | null = null

  constructor(settings: Settings) {
    this.#settings = settings
    this.intake = {
      accept: async (delivery) => this.#now().accept(delivery),
      noteSenderLeft: (seq) => this.#opened?.intake.noteSenderLeft(seq),
      backlogBytes: () => this.#opened?.session.backlog ?? 0,
      trouble: () => (this.#opened === null ? 'The inbox is not open.' : this.#opened.trouble),
    }
    this.claims = claimsOf(() => this.#now())
    this.records = recordsOf(() => this.#now())
    this.ordering = {
      wake: async (keys, atMost) => {
        const { session } = this.#now()
        // As it is now: what is known of the keys is of this owner.
        const { owner } = session
        const now = await session.now()
        const found = await session.db.transaction((tx) => wake(tx, owner, keys, atMost, now))
        session.tellOfWork()
        return found
      },
    }
    this.look = lookOf(() => this.#now())
    this.eventKeys = {
      firstSeen: async (windowMs, keys) => {
        const { session } = this.#now()
        return ownersOf(session.db, { windowMs, keys }, session.wall.now(), session.watch.isSteady())
      },
      reserve: async (reservation) => {
        const { session } = this.#now()
        return reserve(session.db, reservation, session.wall.now(), session.watch.isSteady())
      },
    }
  }

  on(listener: InboxListener): void {
    this.#listeners.push(listener)
  }

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#isTaken) throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    this.#isTaken = true
    this.#cut = new Cut()
    const starting = Opened.open(this.#settings, opening, this.#listeners, this.#cut)
    this.#opening = starting
    try {
      const { opened, told } = await starting
      this.#opened = opened
      return told
    } catch (error) {
      this.#forgetCut()
      this.#isTaken = false
      throw error
    } finally {
      this.#opening = null
    }
  }

  endWithin(ms: number): void {
    this.#cut?.within(ms)
  }

  async carryOut<C extends Command>(command: C): Promise<AnswerTo<C>> {
    const opened = this.#now()
    return opened.inTurn(() => carryOut(opened.session, command))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The process is gone, as far as the database can tell. Private: for tests. */
  async die(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    this.#isTaken = false
    await opened?.die()
  }

  /** Takes from dead processes what they had, without waiting for the time of it. Private: for tests. */
  async reap(): Promise<void> {
    await this.#now().reap()
  }

  /** The fence of its claims; null: it is not open. Private: for tests. */
  get owner(): string | null {
    return this.#opened?.session.owner ?? null
  }

  /** Renews its lease, and finds out whether it has one, without waiting for the time of it. Private: for tests. */
  async renew(): Promise<void> {
    await this.#now().renew()
  }

  async #close(): Promise<void> {
    // A start that is under way may wait for the lease of another.
    this.#cut?.within(this.#opening === null ? CLOSE_MS : START_MS)
    await this.#opening?.catch(() => {})
    const opened = this.#opened
    this.#opened = null
    try {
      await opened?.close()
    } finally {
      this.#forgetCut()
      this.#isTaken = false
      this.#closing = null
    }
  }

  /** Its timer would keep the process running. */
  #forgetCut(): void {
    this.#cut?.end()
    this.#cut = null
  }

  #now(): Opened {
    if (this.#opened === null) throw closed()
    return this.#opened
  }
}
