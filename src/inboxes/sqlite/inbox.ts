/** The port of the SQLite inbox, in the main thread: hands work to the thread of the file and keeps bodies at hand. */
import type {
  Claim,
  InboxOpened,
  InboxOpening,
  InboxPort,
  InboxStats,
  NewDelivery,
  Page,
  Settlement,
  StoredDeadLetter,
  StoredDelivery,
  StoredQuarantine,
} from '../../core/ports.ts'
import { PosthornError } from '../../errors.ts'
import { BodyCache } from './body-cache.ts'
import { Connection } from './connection.ts'
import { listPage } from './list-page.ts'
import { loadClaims } from './load-claims.ts'
import { Outbox } from './outbox.ts'
import type { Accepted, GroupAnswer, GroupRequest, Settings } from './protocol.ts'
import type { Thread } from './thread.ts'

export interface InboxSettings extends Settings {
  readonly ownerWaitMs: number
  /** Bodies kept at hand between their commit and their claim, in bytes. */
  readonly cacheBytes: number
  /** For tests: every thread that is started, every write transaction. */
  readonly onThread?: (thread: Thread) => void
  readonly onCommit?: () => void
}

type ClaimRequest = Parameters<InboxPort['claim']>[0]

interface Session {
  readonly connection: Connection
  readonly outbox: Outbox
  readonly opening: InboxOpening
  readonly cache: BodyCache
}

export class SqliteInbox implements InboxPort {
  readonly #settings: InboxSettings
  readonly #listeners: (() => void)[] = []
  /** Claims of this process: they live here, so that a thread that is started again knows them. */
  readonly #held = new Set<number>()
  #session: Session | null = null
  #opening: Promise<unknown> | null = null
  #closing: Promise<void> | null = null

  constructor(settings: InboxSettings) {
    this.#settings = settings
  }

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#session || this.#closing) throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    const session = this.#newSession(opening)
    this.#session = session
    const opened = session.connection.open()
    this.#opening = opened.catch(() => {
      if (this.#session === session) this.#session = null
    })
    return opened
  }

  async accept(delivery: NewDelivery): Promise<Accepted> {
    const { outbox, cache } = this.#opened()
    const accepted = await outbox.accept(delivery)
    if (accepted.status === 'accepted') {
      cache.add(accepted.seq, delivery)
      this.#tellOfWork()
    }
    return accepted
  }

  noteSenderLeft(seq: number): void {
    this.#session?.outbox.noteSenderLeft(seq)
  }

  async claim(
    request: ClaimRequest,
  ): Promise<{ readonly claims: readonly Claim[]; readonly nextDueAt: number | null }> {
    const { connection, outbox, cache, opening } = this.#opened()
    for (;;) {
      const plan = await outbox.claim({ ...request, now: opening.clock.now() })
      for (const { seq } of plan.claims) this.#held.add(seq)
      try {
        const { claims, damaged } = await loadClaims(plan.claims, cache, (seqs) => connection.call('read', seqs))
        for (const { seq, reason } of damaged) await this.#condemn(seq, reason)
        if (claims.length > 0 || damaged.length === 0) return { claims, nextDueAt: plan.nextDueAt }
      } catch (error) {
        this.release(plan.claims.map((claim) => claim.seq))
        throw error
      }
    }
  }

  async settle(settlement: Settlement): Promise<void> {
    // An element is often a part of a large body, which must neither be kept nor sent along.
    const dead = settlement.dead.map((letter) => ({ ...letter, element: new Uint8Array(letter.element) }))
    const workIsLeft = await this.#opened().outbox.settle({ ...settlement, dead })
    this.#held.delete(settlement.seq)
    if (workIsLeft) this.#tellOfWork()
  }

  release(seqs: readonly number[]): void {
    const ours = seqs.filter((seq) => this.#held.delete(seq))
    this.#session?.outbox.release(ours)
    this.#tellOfWork()
  }

  onWork(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async stats(): Promise<InboxStats> {
    return this.#opened().connection.call('stats', null)
  }

  async deliveries(page: Page): Promise<readonly (StoredDelivery & { readonly bytes: number })[]> {
    return listPage(this.#opened().connection, 'deliveries', page)
  }

  async delivery(id: string): Promise<StoredDelivery | null> {
    const found = await this.#opened().connection.call('find', id)
    if (found === null) return null
    if ('damage' in found) throw new PosthornError('ERR_INBOX_CORRUPT', `Delivery ${id}: ${found.damage}.`)
    return found.delivery
  }

  async deadLetters(page: Page): Promise<readonly StoredDeadLetter[]> {
    return listPage(this.#opened().connection, 'deadLetters', page)
  }

  async quarantine(page: Page): Promise<readonly StoredQuarantine[]> {
    return listPage(this.#opened().connection, 'quarantine', page)
  }

  trouble(): string | null {
    return this.#session ? this.#session.connection.trouble() : 'The inbox is not open.'
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => {
      this.#closing = null
    })
    await this.#closing
  }

  async #close(): Promise<void> {
    const session = this.#session
    if (!session) return
    this.#session = null
    session.connection.abandon()
    await this.#opening
    await session.outbox.drained()
    await session.connection.close()
    this.#held.clear()
  }

  #newSession(opening: InboxOpening): Session {
    const { ownerWaitMs, path, minFreeBytes, maxPages } = this.#settings
    const connection = new Connection(
      {
        settings: { path, minFreeBytes, maxPages },
        ownerWaitMs,
        held: () => [...this.#held],
        onBack: () => this.#tellOfWork(),
        onThread: (thread) => this.#settings.onThread?.(thread),
      },
      opening,
    )
    const outbox = new Outbox({
      send: (request: GroupRequest) => connection.call('group', request, [request.packed.buffer as ArrayBuffer]),
      onAnswer: (answer) => this.#note(connection, answer),
    })
    return { connection, outbox, opening, cache: new BodyCache(this.#settings.cacheBytes) }
  }

  #note(connection: Connection, answer: GroupAnswer): void {
    if (answer.lost) {
      connection.report(answer.lost.message)
      return
    }
    if (answer.committed) this.#settings.onCommit?.()
    if (answer.shortage !== null) connection.report(answer.shortage)
  }

  /** Damaged bytes leave the work for the quarantine, where somebody can look at them. */
  async #condemn(seq: number, reason: string): Promise<void> {
    const { outbox, opening } = this.#opened()
    opening.logger.error({ inbox: 'sqlite', seq }, `a stored delivery is damaged and goes to quarantine: ${reason}`)
    await outbox.condemn({ seq, reason, at: opening.clock.now() })
    this.#held.delete(seq)
  }

  #opened(): Session {
    if (!this.#session) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    return this.#session
  }

  #tellOfWork(): void {
    for (const listener of this.#listeners) queueMicrotask(listener)
  }
}
