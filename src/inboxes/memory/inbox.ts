/** The port of the inbox in memory: one synchronous step per call, so every call is atomic by itself. */

import { OptionError, PosthornError } from '../../errors.ts'
import type { Claim, ClaimRequest, NotedCall, OrderKey, Settlement } from '../../ports/inbox/claims.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Accepted, NewDelivery } from '../../ports/inbox/intake.ts'
import type { InboxOpened, InboxOpening } from '../../ports/inbox/opening.ts'
import type { Erased, Erasure, Pruned, ReplayRow, RowIds } from '../../ports/inbox/operations.ts'
import type {
  EventProgress,
  HistoryPage,
  HistoryRow,
  Page,
  StoredPause,
  StoredStats,
} from '../../ports/inbox/records.ts'
import type { ReplayMark, StoredDeadLetter, StoredDelivery, StoredQuarantine } from '../../ports/inbox/rows.ts'
import { SteadyWatch, waitsToLetGo } from '../rules/steady.ts'
import { claim } from './claim.ts'
import { type Entry, toDelivery, withoutBody } from './entry.ts'
import { erase } from './erase.ts'
import { carryOver, see, takeStock } from './open.ts'
import { heldKeys, keepOrder, wake } from './order.ts'
import { pageOf } from './page.ts'
import { prune } from './prune.ts'
import { cancel, history, nameOf, progress, replay } from './replay.ts'
import { drop, revive } from './revive.ts'
import { settle } from './settle.ts'
import { left, pausesOf, stats } from './stats.ts'
import { type Dead, Store } from './store.ts'

/** How often an open inbox notes that its handlers are still in use. */
const RENEW_MS = 3_600_000
/** How often it looks for what is old. */
const PRUNE_MS = 300_000

const OVER = 'the inbox is larger than retention.maxBytes: what is left is unfinished or in quarantine'

export class MemoryInbox implements InboxPort {
  readonly #store: Store
  readonly #workListeners: (() => void)[] = []
  readonly #freedListeners: ((keys: readonly OrderKey[]) => void)[] = []
  readonly #pauseListeners: ((paused: readonly StoredPause[]) => void)[] = []
  #opening: InboxOpening | null = null
  #watch: SteadyWatch | null = null
  #cancelRenewal: () => void = () => {}
  #cancelPruning: () => void = () => {}
  #over = false

  /** `store` is what an inbox held before, as a file would. */
  constructor(store: Store = new Store()) {
    this.#store = store
  }

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#opening) throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    if (opening.role === 'control')
      throw new OptionError('an inbox in memory has one process: there is no other to control it from')
    this.#opening = opening
    opening.logger.warn({ inbox: 'memory' }, 'the inbox is in memory: what it holds is lost with the process')
    const { clock } = opening
    const tell = (aheadMs: number) => opening.logger.warn({ inbox: 'memory', aheadMs }, waitsToLetGo(aheadMs))
    this.#store.believedAt ||= this.#store.now || clock.now()
    this.#watch = new SteadyWatch(clock, this.#store.believedAt, tell)
    this.#store.followClock(clock.now())
    takeStock(this.#store)
    const newHandlers = carryOver(this.#store, opening)
    keepOrder(this.#store, opening)
    this.#renewHourly(opening)
    if (opening.retention) this.#pruneOften(opening)
    return { stats: await this.stats(), newHandlers, left: left(this.#store), held: heldKeys(this.#store) }
  }

  async accept(delivery: NewDelivery): Promise<Accepted> {
    const { onRedelivery } = this.#assertOpen()
    const known = this.#store.find(delivery.id, delivery.sha256)
    if (known) return this.#repeat(known, onRedelivery)
    const { seq } = this.#store.add(delivery)
    this.#tellOfWork()
    return { status: 'accepted', seq, settled: false }
  }

  noteSenderLeft(seq: number): void {
    const entry = this.#store.at(seq)
    if (entry) entry.senderLeft = true
  }

  async claim(request: ClaimRequest): Promise<{
    readonly claims: readonly Claim[]
    readonly nextDueAt: number | null
    readonly unread: readonly string[]
  }> {
    return claim(this.#store, request, this.#now())
  }

  async note(seq: number, calls: readonly NotedCall[]): Promise<void> {
    this.#assertOpen()
    const entry = this.#store.at(seq)
    if (!entry || !this.#store.held.has(seq)) throw new OptionError(`note: delivery ${seq} is not claimed`)
    entry.underWay = calls
  }

  async settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }> {
    const now = this.#now()
    const careful = this.#store.held.get(settlement.seq)?.careful
    const conflictsWith = settle(this.#store, settlement, now, this.#isSteady())
    if (careful || this.#store.hasSuspects() || this.#store.workOf(settlement.seq).length > 0) this.#tellOfWork()
    return { conflictsWith }
  }

  async wake(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]> {
    const now = this.#now()
    const left = keys.filter((key) => wake(this.#store, key, atMost, now))
    this.#tellOfWork()
    return left
  }

  async owners(windowMs: number, keys: Float64Array): Promise<readonly number[]> {
    return this.#store.eventKeys.owners(windowMs, keys, this.#assertOpen().clock.now())
  }

  release(seqs: readonly number[]): void {
    this.#store.giveBack(seqs)
    this.#tellOfWork()
  }

  onFreed(listener: (keys: readonly OrderKey[]) => void): void {
    this.#freedListeners.push(listener)
  }

  onWork(listener: () => void): void {
    this.#workListeners.push(listener)
  }

  async stats(): Promise<StoredStats> {
    return stats(this.#store, this.#assertOpen().clock.now())
  }

  async deliveries(page: Page): Promise<readonly (StoredDelivery & { readonly bytes: number })[]> {
    this.#assertOpen()
    const entries = pageOf(this.#store.entries, page, (entry) => ({
      id: entry.seq,
      at: entry.delivery.receivedAt,
      ...placeOf(entry),
    }))
    return entries.map((entry) => ({
      ...withoutBody(entry),
      body: new Uint8Array(0),
      bytes: entry.bytes,
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
      ...{ id, at: letter.at, handler: letter.handler, index: letter.index, run: letter.run },
      ...placeOf(entry),
    }))
    return letters.map(({ id, entry, letter, redeliveries }) => ({
      ...letter,
      id,
      redeliveries,
      delivery: withoutBody(entry),
    }))
  }

  async quarantine(page: Page): Promise<readonly StoredQuarantine[]> {
    this.#assertOpen()
    const items = pageOf(this.#store.quarantined, page, ({ id, entry, item }) => ({
      ...{ id, at: item.at, index: item.index },
      ...placeOf(entry),
    }))
    return items.map(({ id, entry, item }) => ({ ...item, id, ...placeOf(entry) }))
  }

  async revive(ids: RowIds): Promise<number> {
    const found = revive(this.#store, ids, this.#assertOpen().clock.now())
    this.#tellOfWork()
    return found
  }

  async drop(ids: RowIds): Promise<number> {
    this.#assertOpen()
    return drop(this.#store, ids)
  }

  async pause(name: string, by: 'hand' | 'failures' | null): Promise<void> {
    const { clock } = this.#assertOpen()
    const handler = nameOf(this.#store, name)
    const { pauses } = this.#store
    const known = pauses.get(handler)
    if (known?.by === (by ?? undefined)) return
    if (by === null) pauses.delete(handler)
    // It has not worked since the first word, whoever had it.
    else pauses.set(handler, { handler, by, since: known?.since ?? clock.now() })
    const paused = pausesOf(this.#store)
    for (const listener of this.#pauseListeners) queueMicrotask(() => listener(paused))
  }

  onPause(listener: (paused: readonly StoredPause[]) => void): void {
    this.#pauseListeners.push(listener)
  }

  async read(seq: number): Promise<StoredDelivery | null> {
    this.#assertOpen()
    const entry = this.#store.at(seq)
    return entry ? toDelivery(entry) : null
  }

  async prune(): Promise<Pruned> {
    const { retention } = this.#assertOpen()
    return prune(this.#store, retention, this.#now(), this.#isSteady())
  }

  async erase(erasures: readonly Erasure[]): Promise<Erased> {
    this.#assertOpen()
    const { report, freed } = erase(this.#store, erasures)
    if (freed.length > 0) for (const listener of this.#freedListeners) queueMicrotask(() => listener(freed))
    return report
  }

  /** There are no files. */
  async purge(): Promise<number | null> {
    this.#assertOpen()
    return null
  }

  async history(page: HistoryPage): Promise<readonly HistoryRow[]> {
    this.#assertOpen()
    return history(this.#store, page)
  }

  async progress(deliveryId: string, index: number): Promise<EventProgress | null> {
    this.#assertOpen()
    return progress(this.#store, deliveryId, index)
  }

  async handlers(): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>> {
    this.#assertOpen()
    return [...this.#store.seen].map(([name, seenAt]) => ({ name, seenAt })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async replay(mark: ReplayMark, rows: readonly ReplayRow[]): Promise<number> {
    const made = replay(this.#store, mark, rows, this.#assertOpen().clock.now())
    this.#tellOfWork()
    return made
  }

  async cancel(run: string, limit: number): Promise<number> {
    this.#assertOpen()
    return cancel(this.#store, run, limit)
  }

  backlogBytes(): number {
    return this.#store.pendingBytes
  }

  trouble(): string | null {
    return this.#opening ? null : 'The inbox is not open.'
  }

  async close(): Promise<void> {
    if (!this.#opening) return
    this.#store.giveBack([...this.#store.held.keys()])
    see(this.#store, this.#opening.clock.now())
    this.#cancelRenewal()
    this.#cancelPruning()
    this.#opening = null
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
      const { over } = prune(this.#store, retention, this.#now(), this.#isSteady())
      if (over && !this.#over) logger.warn({ maxBytes: retention?.maxBytes }, OVER)
      this.#over = over
      this.#pruneOften(opening)
    })
  }

  #repeat(entry: Entry, onRedelivery: InboxOpening['onRedelivery']): Accepted {
    entry.duplicates += 1
    const dead = this.#store.dead.filter((letter) => letter.entry === entry)
    if (onRedelivery === 'record') for (const letter of dead) letter.redeliveries += 1
    else if (dead.length > 0) this.#rearm(dead)
    return { status: 'duplicate', seq: entry.seq, settled: this.#store.isSettled(entry) }
  }

  #rearm(dead: readonly Dead[]): void {
    revive(this.#store, { dead: dead.map(({ id }) => id), quarantined: [] }, this.#assertOpen().clock.now())
    this.#tellOfWork()
  }

  /** What the clock says, with what it leapt back made good. */
  #now(): number {
    const now = this.#assertOpen().clock.now()
    this.#store.followClock(now)
    return now
  }

  #isSteady(): boolean {
    return this.#watch?.isSteady() ?? false
  }

  #assertOpen(): InboxOpening {
    if (!this.#opening) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    return this.#opening
  }

  #tellOfWork(): void {
    for (const listener of this.#workListeners) queueMicrotask(listener)
  }
}

function placeOf({ delivery }: Entry): { readonly source: string; readonly deliveryId: string } {
  return { source: delivery.source, deliveryId: delivery.id }
}
