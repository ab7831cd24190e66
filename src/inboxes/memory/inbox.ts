/** The port of the inbox in memory: one synchronous step per call, so every call is atomic by itself. */
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
import { type ClaimRequest, claim } from './claim.ts'
import { toDelivery, withoutBody } from './entry.ts'
import { carryOver } from './open.ts'
import { pageOf } from './page.ts'
import { settle } from './settle.ts'
import { stats } from './stats.ts'
import { Store } from './store.ts'

export class MemoryInbox implements InboxPort {
  readonly #store = new Store()
  readonly #listeners: (() => void)[] = []
  #opening: InboxOpening | null = null

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#opening) throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    this.#opening = opening
    opening.logger.warn({ inbox: 'memory' }, 'the inbox is in memory: what it holds is lost with the process')
    const newHandlers = carryOver(this.#store, opening)
    return { stats: stats(this.#store), newHandlers }
  }

  async accept(delivery: NewDelivery): Promise<{ readonly status: 'accepted' | 'duplicate'; readonly seq: number }> {
    this.#assertOpen()
    const known = this.#store.find(delivery.id, delivery.sha256)
    if (known) {
      known.duplicates += 1
      return { status: 'duplicate', seq: known.seq }
    }
    const { seq } = this.#store.add(delivery)
    this.#tellOfWork()
    return { status: 'accepted', seq }
  }

  noteSenderLeft(seq: number): void {
    const entry = this.#store.at(seq)
    if (entry) entry.senderLeft = true
  }

  async claim(
    request: ClaimRequest,
  ): Promise<{ readonly claims: readonly Claim[]; readonly nextDueAt: number | null }> {
    return claim(this.#store, request, this.#assertOpen().clock.now())
  }

  async settle(settlement: Settlement): Promise<void> {
    this.#assertOpen()
    settle(this.#store, settlement)
    if (this.#store.rowsOf(settlement.seq).length > 0) this.#tellOfWork()
  }

  release(seqs: readonly number[]): void {
    for (const seq of seqs) this.#store.held.delete(seq)
    this.#tellOfWork()
  }

  onWork(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async stats(): Promise<InboxStats> {
    this.#assertOpen()
    return stats(this.#store)
  }

  async deliveries(page: Page): Promise<readonly (StoredDelivery & { readonly bytes: number })[]> {
    this.#assertOpen()
    const entries = pageOf(this.#store.entries, page, (entry) => ({
      id: entry.seq,
      at: entry.delivery.receivedAt,
      source: entry.delivery.source,
    }))
    return entries.map((entry) => ({
      ...withoutBody(entry),
      body: new Uint8Array(0),
      bytes: entry.delivery.body.byteLength,
    }))
  }

  async delivery(id: string): Promise<StoredDelivery | null> {
    this.#assertOpen()
    const entry = this.#store.latest(id)
    return entry ? toDelivery(entry) : null
  }

  async deadLetters(page: Page): Promise<readonly StoredDeadLetter[]> {
    this.#assertOpen()
    const letters = pageOf(this.#store.dead, page, ({ id, entry, letter }) => ({
      id,
      at: letter.at,
      source: entry.delivery.source,
      handler: letter.handler,
    }))
    return letters.map(({ id, entry, letter }) => ({ ...letter, id, delivery: withoutBody(entry) }))
  }

  async quarantine(page: Page): Promise<readonly StoredQuarantine[]> {
    this.#assertOpen()
    const items = pageOf(this.#store.quarantined, page, ({ id, entry, item }) => ({
      id,
      at: item.at,
      source: entry.delivery.source,
    }))
    return items.map(({ id, entry, item }) => ({
      ...item,
      id,
      source: entry.delivery.source,
      deliveryId: entry.delivery.id,
    }))
  }

  trouble(): string | null {
    return this.#opening ? null : 'The inbox is not open.'
  }

  async close(): Promise<void> {
    this.#opening = null
    this.#store.held.clear()
  }

  #assertOpen(): InboxOpening {
    if (!this.#opening) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    return this.#opening
  }

  #tellOfWork(): void {
    for (const listener of this.#listeners) queueMicrotask(listener)
  }
}
