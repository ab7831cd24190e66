/**
 * The port of the SQLite inbox: its life, and who answers it, the owner of the file or somebody beside the owner.
 *
 * As with every embedded inbox `seq` has no gaps, claims live as long as the process, one delivery at a time is worked on
 * that wants care, and the memory of bodies changes hands between the threads.
 */
import { resolve } from 'node:path'
import { PosthornError } from '../../../errors.ts'
import type { Claims } from '../../../ports/inbox/claims.ts'
import type { Copies } from '../../../ports/inbox/copies.ts'
import type { EventKeyStore } from '../../../ports/inbox/event-keys.ts'
import type { InboxListener, InboxPort } from '../../../ports/inbox/index.ts'
import type { Intake } from '../../../ports/inbox/intake.ts'
import type { LookPort } from '../../../ports/inbox/look.ts'
import type { Memos } from '../../../ports/inbox/memos.ts'
import type { InboxOpened, InboxOpening } from '../../../ports/inbox/opening.ts'
import type { AnswerTo, Command } from '../../../ports/inbox/operations.ts'
import type { Ordering } from '../../../ports/inbox/ordering.ts'
import type { Records } from '../../../ports/inbox/records.ts'
import { Control } from './control.ts'
import { CurrentSession, SqliteClaims, SqliteIntake, SqliteRecords } from './faces.ts'
import { type InboxSettings, OwnerSession } from './owner-session.ts'
import { Thread } from './thread.ts'

export type { InboxSettings } from './owner-session.ts'

export class SqliteInbox implements InboxPort {
  readonly look: LookPort = {
    tallies: async (window) => this.#session.opened().call('tallies', window),
    seen: async () => this.#session.opened().call('seen', null),
    observe: async (observed) => void (await this.#session.opened().command({ kind: 'observe', observed })),
    noteAction: async (action) => void (await this.#session.opened().command({ kind: 'action', action })),
    actions: async (limit) => this.#session.opened().call('actions', limit),
  }
  readonly memos: Memos = {
    read: async (name) => this.#session.opened().call('memo', name),
    write: async (name, text, after) => this.#session.opened().command({ kind: 'memo', name, text, after }),
    now: () => {
      this.#session.opened()
      return this.#session.now()
    },
  }
  readonly intake: Intake
  readonly claims: Claims
  readonly records: Records
  readonly ordering: Ordering = { wake: async (keys, atMost) => this.#session.owner().wake(keys, atMost) }
  readonly eventKeys: EventKeyStore = {
    firstSeen: async (windowMs, keys) => this.#session.owner().firstSeen(windowMs, keys),
  }
  readonly copies: Copies = {
    backup: (path) => this.#backup(path),
    leftovers: async (remove) => this.#session.opened().command({ kind: 'copies', remove }),
  }
  readonly traces = true
  readonly file: string
  readonly #settings: InboxSettings
  readonly #listeners: InboxListener[] = []
  readonly #session = new CurrentSession()
  #closing: Promise<void> | null = null

  constructor(settings: InboxSettings) {
    this.#settings = settings
    this.file = settings.path
    this.intake = new SqliteIntake(this.#session)
    this.claims = new SqliteClaims(this.#session)
    this.records = new SqliteRecords(this.#session)
  }

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#session.current || this.#closing)
      throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    const opened = this.#newSession(opening)
    this.#session.current = opened
    try {
      return await opened.open()
    } catch (error) {
      if (this.#session.current === opened) this.#session.current = null
      throw error
    }
  }

  on(listener: InboxListener): void {
    this.#listeners.push(listener)
  }

  async carryOut<C extends Command>(command: C): Promise<AnswerTo<C>> {
    return this.#session.opened().command<C>(command)
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => {
      this.#closing = null
    })
    await this.#closing
  }

  async #close(): Promise<void> {
    const opened = this.#session.current
    this.#session.current = null
    await opened?.close()
  }

  /** In a thread of its own, which nothing else waits for. */
  async #backup(path: string): Promise<{ readonly bytes: number }> {
    this.#session.opened()
    const { path: from, minFreeBytes, maxPages } = this.#settings
    const thread = new Thread({ path: from, minFreeBytes, maxPages }, () => {})
    try {
      return { bytes: await thread.call('backup', resolve(path)) }
    } finally {
      await thread.end()
    }
  }

  #newSession(opening: InboxOpening): OwnerSession | Control {
    this.#session.now = () => opening.clock.now()
    if (opening.role === 'control') return new Control(this.#settings, opening)
    return new OwnerSession(this.#settings, opening, {
      work: () => this.#tell((listener) => listener.work?.()),
      freed: (keys) => this.#tell((listener) => listener.freed?.(keys)),
      pauses: (paused) => this.#tell((listener) => listener.paused?.(paused)),
    })
  }

  #tell(tell: (listener: InboxListener) => void): void {
    for (const listener of this.#listeners) queueMicrotask(() => tell(listener))
  }
}
