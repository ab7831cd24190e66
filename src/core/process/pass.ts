/**
 * One claim, from stored bytes to its settlement: scan → slices → provider → handlers. Replay, recovery after a crash
 * and tests come through here too.
 */
import type { Scan } from '../../json/scan.ts'
import { sliceEnd } from '../../json/slices.ts'
import { ERASED } from '../../json/tombstone.ts'
import type { Claim, NotedCall } from '../../ports/inbox/claims.ts'
import type { WorkRow } from '../../ports/inbox/rows.ts'
import type { Provider } from '../../ports/provider.ts'
import type { AnyEvent } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import type { Outcome } from '../call/attempt.ts'
import { isMeant, type Registry } from '../handlers/registry.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { readElement, readSlice, scanBody } from '../read/elements.ts'
import { type DeliveryFacts, deliveryFacts, toEvent } from '../read/event.ts'
import { deadlyReason } from '../read/quarantine-reasons.ts'
import { CarefulCalls } from './careful.ts'
import type { Copies, Dedupe } from './dedupe.ts'
import type { Item } from './item.ts'
import type { Lane } from './lane.ts'
import { type LanesParts, PassLanes } from './pass-lanes.ts'
import { type PassResult, ResultDraft } from './result.ts'

export interface PassParts extends LanesParts {
  readonly registry: Registry
  readonly dedupe: Dedupe
  readonly pacer: Pacer
  provider(source: string): Provider | undefined
  /** Before careful calls. */
  note(seq: number, calls: readonly NotedCall[]): Promise<void>
  /** Told of every event that is a test of its sender. */
  tested(source: string): void
  /** Told of every event about which its provider has a remark. */
  remarked(event: AnyEvent, remark: string): void
  /** Told of every element whose bare words were read as text. */
  bareWords(source: string): void
  /** Told of every failed attempt that will be repeated. */
  failed(event: AnyEvent, handler: string, attempt: number, error: unknown, retryAt: number): void
}

/** Text beyond ASCII takes two bytes a character: a larger slice would be a large object to the collector (measured). */
const SLICE_BYTES = 32 << 10
/** An event that was under way when so many processes died does not get another. */
const MOST_DEATHS = 3

export class Pass extends PassLanes {
  readonly #parts: PassParts
  /** null: the source takes every event for a new one. */
  readonly #copies: Copies | null
  readonly #result: ResultDraft
  /** What the clock said when the pass last had to wait: looking at it for each event costs more than handing it in. */
  #time = 0
  /** The element after the one that was looked at last. */
  #next = 0
  #count = 0
  #scanned = false
  #stopping = false
  /** Calls to be made after their note; null: they need none. */
  readonly #careful: CarefulCalls | null

  constructor(parts: PassParts, claim: Claim) {
    super(parts, claim)
    this.#parts = parts
    this.#result = new ResultDraft(claim, parts.clock)
    this.#copies = parts.dedupe.join(claim)
    this.#careful = claim.careful ? new CarefulCalls(claim) : null
    this.#time = this.steady()
  }

  /** The settlement is durable. */
  settled(): void {
    this.#copies?.settled()
  }

  async run(): Promise<PassResult> {
    const { delivery, rows } = this.claim
    try {
      const provider = this.#parts.provider(delivery.source)
      if (provider === undefined) return this.#result.unreadable(`there is no source "${delivery.source}" any more`)
      const scanning = scanBody(delivery, this.#parts.pacer, provider.ids)
      // Not to wait where there is nothing to wait for has passes that begin one after the other keep their order.
      const scan = scanning instanceof Promise ? await scanning : scanning
      if (typeof scan === 'string') return this.#result.unreadable(scan)
      const facts = deliveryFacts(provider.name, delivery, scan.count)
      this.#count = scan.count
      this.#scanned = true
      if (this.#stopping) this.#leaveRest()
      if (rows === null) await this.#range(scan, provider, facts, 0, scan.count - 1, null)
      else for (const row of rows) await this.#range(scan, provider, facts, row.first, row.last, row)
      if (this.#careful?.isEmpty === false) await this.#callNoted(this.#careful)
      this.endReading()
      if (this.outstanding > 0) await this.below(1)
      return this.#result.complete(scan, this, this.#copies)
    } finally {
      this.endReading()
    }
  }

  /** Nothing more begins, what has not begun is left for later, what runs is told to stop. */
  stop(): void {
    this.#stopping = true
    if (this.#scanned) this.#leaveRest()
    for (const lane of this.lanes.values()) lane.end('stop')
  }

  /** Rows of work notice by themselves, each where it stands. */
  #leaveRest(): void {
    const [first, last] = this.claim.rows === null ? [this.#next, this.#count - 1] : [1, 0]
    for (const lane of this.lanes.values()) if (!lane.isAside) lane.setAside(first, last)
  }

  /** Elements `first` to `last`, both inclusive, for all handlers of the pass or for that of the row. */
  async #range(scan: Scan, provider: Provider, facts: DeliveryFacts, first: number, last: number, row: WorkRow | null) {
    if (row !== null && !this.#stopping) this.lanes.get(row.handler)?.goOn()
    const end = Math.min(last + 1, scan.count)
    const { body, source } = this.claim.delivery
    const onBareWords = () => this.#parts.bareWords(source)
    this.#time = this.steady()
    for (let from = first; from < end; ) {
      const to = scan.deep.has(from) ? from + 1 : Math.min(sliceEnd(scan, from, SLICE_BYTES), end)
      const elements = readSlice(body, scan, from, to, onBareWords)
      for (let index = from; index < to; index++) {
        if (this.#mustWait()) await this.#wait()
        if (row !== null && this.#rowEnds(row, index, end - 1)) return
        if (this.#copies === null) this.#next = index + 1
        this.#element(provider, facts, elements[index - from], index, row)
        if (this.#copies?.isFull) await this.#handChecked(this.#copies)
      }
      from = to
    }
    if (this.#copies !== null) await this.#handChecked(this.#copies)
  }

  #mustWait(): boolean {
    return this.isFull || this.#careful?.isDue === true || this.#parts.pacer.spent()
  }

  /** Before an event. After the last one nobody waits for a slice only to say what came of it. */
  async #wait(): Promise<void> {
    if (this.#careful?.isDue) await this.#callNoted(this.#careful)
    if (this.#parts.pacer.spent()) await this.#parts.pacer.breathe()
    if (this.isFull) await this.room()
    this.#time = this.steady()
  }

  /** Hands on what was read and is no copy. */
  async #handChecked(copies: Copies): Promise<void> {
    for (const { isCopy, ...read } of await copies.take()) {
      if (this.#mustWait()) await this.#wait()
      this.#next = read.index + 1
      if (isCopy) this.#result.absorb(read.index)
      else this.#dispatch(read.event, read.matched, read.index, null)
    }
  }

  /** The handler of the row is paused, or behind while others wait for it, or all stops: the rest stays what it was. */
  #rowEnds(row: WorkRow, index: number, last: number): boolean {
    const lane = this.lanes.get(row.handler)
    if (lane === undefined) return false
    const yields = this.#stopping || lane.mustEnd() || (lane.runner.isBehind() && this.#isWaitedFor(row))
    if (!yields) return false
    lane.setAside(index, last, row)
    return true
  }

  /** By a handler that could go on; one that is behind itself would hold what was set aside for it. */
  #isWaitedFor(row: WorkRow): boolean {
    const rows = this.claim.rows ?? []
    const waiting = rows.slice(rows.indexOf(row) + 1).filter(({ handler }) => handler !== row.handler)
    return waiting.some(({ handler }) => this.lanes.get(handler)?.runner.isBehind() === false)
  }

  #element(provider: Provider, facts: DeliveryFacts, element: unknown, index: number, row: WorkRow | null): void {
    if (element === ERASED && this.claim.delivery.kept === 'some') return
    const reading = readElement(provider, element)
    if ('unreadable' in reading) {
      this.#result.quarantine(index, reading.unreadable, reading.path)
      return
    }
    const event = toEvent(facts, reading, index, row?.replay?.run)
    if (reading.remark !== undefined && row === null) this.#parts.remarked(event, reading.remark)
    const matched = this.#parts.registry.match(event)
    if (event.isTest && row === null) this.#parts.tested(event.source)
    if (this.#copies !== null && row === null) this.#copies.add({ event, matched, index }, this.isAsked(matched))
    else this.#dispatch(event, matched, index, row)
  }

  #dispatch(event: AnyEvent, matched: readonly HandlerSpec[], index: number, row: WorkRow | null): void {
    if (row !== null) {
      const lane = this.lanes.get(row.handler)
      if (lane !== undefined && matched.includes(lane.spec) && isMeant(event, matched, row, this.claim.handlers))
        this.#take(lane, event, index, row)
      return
    }
    for (const spec of matched) {
      const lane = this.lanes.get(spec.name)
      if (lane === undefined || lane.isAside) continue
      if (lane.isBehind(this.#time)) lane.setAside(index, this.#count - 1)
      else this.#take(lane, event, index, null)
    }
    // The sender's own tests stay out of the statistics.
    if (!event.isTest && !this.isAsked(matched)) this.#result.unhandled(event.name)
  }

  #take(lane: Lane, event: AnyEvent, index: number, row: WorkRow | null): void {
    if (this.#careful === null) this.hand(lane, event, index, row, this.#time)
    else this.#takeCarefully(this.#careful, lane, event, index, row)
  }

  #takeCarefully(careful: CarefulCalls, lane: Lane, event: AnyEvent, index: number, row: WorkRow | null): void {
    const { name } = lane.spec
    const deaths = careful.deathsAt(index, name)
    if (deaths < MOST_DEATHS) {
      careful.add({ lane, event, index, row, alone: deaths > 0 })
      return
    }
    this.#result.quarantine(index, deadlyReason(deaths, name), null)
    this.#copies?.giveUp(event)
  }

  /** Nothing else of the delivery is with its handlers meanwhile. */
  async #callNoted(careful: CarefulCalls): Promise<void> {
    for (const group of careful.take()) {
      const calls = group.map(({ index, lane }) => ({ index, handler: lane.spec.name }))
      await this.#parts.note(this.claim.delivery.seq, calls)
      for (const { lane, event, index, row, alone } of group) {
        if (this.#parts.pacer.spent()) await this.#parts.pacer.breathe()
        if (this.#stopping) lane.setAside(index, index, row)
        else this.hand(lane, event, index, row, this.steady(), alone)
      }
      for (const runner of new Set(group.map(({ lane }) => lane.runner))) runner.sendOff()
      await this.below(1)
    }
  }

  protected judged(spec: HandlerSpec, { index, end }: Item, event: AnyEvent, outcome: Outcome): void {
    if (end?.kind === 'retry' && outcome.end === 'failed')
      this.#parts.failed(event, spec.name, end.attempts, outcome.error, end.dueAt)
    if (end?.kind !== 'dead') return
    this.#copies?.giveUp(event)
    this.#result.died(spec.name, index, end)
  }

  /**
   * In a first pass only: rows of work hold nobody but their own handler. After a crash all wait: what was left would be
   * called without a note.
   */
  protected waitsLong(): void {
    if (this.#careful !== null) return
    const firstPass = this.claim.rows === null
    if (firstPass)
      for (const lane of this.lanes.values())
        if (!lane.isAside && lane.isBehind()) lane.setAside(this.#next, this.#count - 1)
    // A key that is slow holds what follows it, not the rest.
    if (firstPass || this.isFull) for (const seat of this.seats) seat.parkWaiting()
  }
}
