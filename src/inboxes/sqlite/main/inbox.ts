/** The port of the SQLite inbox: its life, and who answers it, the owner of the file or somebody beside the owner. */

import { PosthornError } from '../../../errors.ts'
import type { Claim, ClaimRequest, NotedCall, OrderKey, Settlement } from '../../../ports/inbox/claims.ts'
import type { InboxPort } from '../../../ports/inbox/index.ts'
import type { Accepted, NewDelivery } from '../../../ports/inbox/intake.ts'
import type { InboxOpened, InboxOpening } from '../../../ports/inbox/opening.ts'
import type { Erased, Erasure, Pruned, ReplayRow, RowIds } from '../../../ports/inbox/operations.ts'
import type {
  EventProgress,
  HistoryPage,
  HistoryRow,
  Page,
  StoredPause,
  StoredStats,
} from '../../../ports/inbox/records.ts'
import type { ReplayMark, StoredDeadLetter, StoredDelivery, StoredQuarantine } from '../../../ports/inbox/rows.ts'
import type { CallName, Calls } from '../wire/calls.ts'
import { Control } from './control.ts'
import { listHistory, listPage } from './list-page.ts'
import { type InboxSettings, Owner } from './owner.ts'

export type { InboxSettings } from './owner.ts'

export class SqliteInbox implements InboxPort {
  readonly #settings: InboxSettings
  readonly #workListeners: (() => void)[] = []
  readonly #freedListeners: ((keys: readonly OrderKey[]) => void)[] = []
  readonly #pauseListeners: ((paused: readonly StoredPause[]) => void)[] = []
  #session: Owner | Control | null = null
  #closing: Promise<void> | null = null

  constructor(settings: InboxSettings) {
    this.#settings = settings
  }

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#session || this.#closing) throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    const session = this.#newSession(opening)
    this.#session = session
    try {
      return await session.open()
    } catch (error) {
      if (this.#session === session) this.#session = null
      throw error
    }
  }

  async accept(delivery: NewDelivery, given = false): Promise<Accepted> {
    return this.#owner().accept(delivery, given)
  }

  allocate(bytes: number): Uint8Array {
    return this.#session instanceof Owner ? this.#session.allocate(bytes) : new Uint8Array(bytes)
  }

  noteSenderLeft(seq: number): void {
    if (this.#session instanceof Owner) this.#session.noteSenderLeft(seq)
  }

  async claim(request: ClaimRequest): Promise<{
    readonly claims: readonly Claim[]
    readonly nextDueAt: number | null
    readonly unread: readonly string[]
    readonly more: boolean
  }> {
    return this.#owner().claim(request)
  }

  async note(seq: number, calls: readonly NotedCall[]): Promise<void> {
    return this.#owner().note(seq, calls)
  }

  async settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }> {
    return this.#owner().settle(settlement)
  }

  async wake(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]> {
    return this.#owner().wake(keys, atMost)
  }

  async owners(windowMs: number, keys: Float64Array): Promise<readonly number[]> {
    return this.#owner().owners(windowMs, keys)
  }

  release(seqs: readonly number[]): void {
    if (this.#session instanceof Owner) this.#session.release(seqs)
  }

  onFreed(listener: (keys: readonly OrderKey[]) => void): void {
    this.#freedListeners.push(listener)
  }

  onWork(listener: () => void): void {
    this.#workListeners.push(listener)
  }

  async stats(): Promise<StoredStats> {
    return this.#call('stats', { now: this.#now() })
  }

  async deliveries(page: Page): Promise<readonly (StoredDelivery & { readonly bytes: number })[]> {
    return listPage(this.#opened(), 'deliveries', page)
  }

  async delivery(id: string): Promise<StoredDelivery | null> {
    const found = await this.#call('find', id)
    if (found === null) return null
    if ('damage' in found) throw new PosthornError('ERR_INBOX_CORRUPT', `Delivery ${id}: ${found.damage}.`)
    return found.delivery
  }

  async deadLetters(page: Page): Promise<readonly StoredDeadLetter[]> {
    return listPage(this.#opened(), 'deadLetters', page)
  }

  async quarantine(page: Page): Promise<readonly StoredQuarantine[]> {
    return listPage(this.#opened(), 'quarantine', page)
  }

  async revive(ids: RowIds): Promise<number> {
    return this.#opened().command({ kind: 'revive', ids })
  }

  async drop(ids: RowIds): Promise<number> {
    return this.#opened().command({ kind: 'drop', ids })
  }

  async pause(handler: string, by: 'hand' | 'failures' | null): Promise<void> {
    await this.#opened().command({ kind: 'pause', handler, by })
  }

  onPause(listener: (paused: readonly StoredPause[]) => void): void {
    this.#pauseListeners.push(listener)
  }

  async read(seq: number): Promise<StoredDelivery | null> {
    const [read] = await this.#call('read', [seq])
    return read && 'delivery' in read ? read.delivery : null
  }

  async prune(at: number): Promise<Pruned> {
    return this.#opened().command({ kind: 'prune', at })
  }

  async erase(erasures: readonly Erasure[]): Promise<Erased> {
    return this.#opened().command({ kind: 'erase', erasures })
  }

  async purge(at: number): Promise<number | null> {
    return this.#opened().command({ kind: 'purge', at })
  }

  async history(page: HistoryPage): Promise<readonly HistoryRow[]> {
    return listHistory(this.#opened(), page)
  }

  async progress(deliveryId: string, index: number): Promise<EventProgress | null> {
    return this.#call('progress', { deliveryId, index })
  }

  async handlers(): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>> {
    return this.#call('handlers', null)
  }

  async replay(mark: ReplayMark, rows: readonly ReplayRow[]): Promise<number> {
    return this.#opened().command({ kind: 'replay', mark, rows })
  }

  async cancel(run: string, limit: number): Promise<number> {
    return this.#opened().command({ kind: 'cancel', run, limit })
  }

  backlogBytes(): number {
    return this.#session?.backlogBytes() ?? 0
  }

  trouble(): string | null {
    return this.#session ? this.#session.trouble() : 'The inbox is not open.'
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => {
      this.#closing = null
    })
    await this.#closing
  }

  async #close(): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.close()
  }

  #newSession(opening: InboxOpening): Owner | Control {
    this.#now = () => opening.clock.now()
    if (opening.role === 'control') return new Control(this.#settings, opening)
    const tell = <T>(listeners: readonly ((told: T) => void)[], told: T) => {
      for (const listener of listeners) queueMicrotask(() => listener(told))
    }
    return new Owner(this.#settings, opening, {
      work: () => tell(this.#workListeners, undefined),
      freed: (keys) => tell(this.#freedListeners, keys),
      pauses: (paused) => tell(this.#pauseListeners, paused),
    })
  }

  #now: () => number = () => 0

  async #call<K extends CallName>(name: K, request: Calls[K][0]): Promise<Calls[K][1]> {
    return this.#opened().call(name, request)
  }

  #opened(): Owner | Control {
    if (!this.#session) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    return this.#session
  }

  #owner(): Owner {
    const session = this.#opened()
    if (session instanceof Owner) return session
    throw new PosthornError('ERR_INBOX_CLOSED', session.trouble())
  }
}
