/**
 * The work on one claim, from stored bytes to its settlement: scan → slices → provider → handlers. Replays, recovery
 * after a crash and tests take the same way.
 */
import type { Scan } from '../../json/scan.ts'
import { ERASED } from '../../json/tombstone.ts'
import type { Claim, NotedCall } from '../../ports/inbox/claims.ts'
import type { Tally } from '../../ports/inbox/look.ts'
import type { WorkRow } from '../../ports/inbox/rows.ts'
import type { Provider } from '../../ports/provider.ts'
import type { Telling } from '../../ports/telling.ts'
import type { TestWatch } from '../../ports/test-door.ts'
import type { AnyEvent } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import type { Outcome } from '../call/attempt.ts'
import { isMeant, type Registry } from '../handlers/registry.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { readElement, readSlice, scanBody, slices } from '../read/elements.ts'
import { type DeliveryFacts, deliveryFacts, toEvent } from '../read/event.ts'
import { deadlyReason } from '../read/quarantine-reasons.ts'
import { CarefulCalls } from './careful.ts'
import type { Copies, Dedupe } from './dedupe.ts'
import { ReadCounts } from './event-counts.ts'
import type { Item } from './item.ts'
import type { Lane } from './lane.ts'
import { hasLarge, type LargeLine } from './large.ts'
import { type LanesParts, PassLanes } from './pass-lanes.ts'
import { type PassResult, ResultDraft } from './result.ts'
import type { Resumed } from './resumed.ts'
import { type Looked, type SavedPass, Saving, type Unsaved } from './saving.ts'
import { contains } from './stretches.ts'
import { PassTally } from './tally.ts'
import { PassTrace } from './trace.ts'

export interface PassParts extends LanesParts, Telling {
  /** Whether the inbox keeps counts by time. */
  readonly tallies: boolean
  /** Whether the inbox keeps traces, by which the events of a delivery are found again. */
  readonly traces: boolean
  readonly registry: Registry
  readonly dedupe: Dedupe
  readonly pacer: Pacer
  readonly large: LargeLine
  provider(source: string): Provider | undefined
  /**
   * Stores which calls are about to be made, before careful calls; in the same commit, what the pass has finished until
   * now.
   */
  noteCalls(pass: Pass, calls: readonly NotedCall[]): Promise<void>
  /** The watcher of `deliver` of `posthorn/testing`. */
  readonly test?: TestWatch | undefined
}

/** An event with so many deaths goes to quarantine. */
const MOST_DEATHS = 3

export class Pass extends PassLanes {
  readonly #parts: PassParts
  /** null: the source takes every event for a new one. */
  readonly #copies: Copies | null
  /** null: the inbox keeps no counts by time. */
  readonly #tally: PassTally | null
  /** null: the inbox keeps no traces, or this pass does not read the delivery from its beginning for the first time. */
  readonly #trace: PassTrace | null
  readonly #result: ResultDraft
  /** null: nobody listens to the fact `read`, or this is no first pass. */
  readonly counts: ReadCounts | null
  /** Steady time when the pass last waited. Reading the clock for each event costs more than handing the event in. */
  #time = 0
  /** Index of the next element to read. */
  #next = 0
  /** Index in `claim.rows` of the row that is being read. */
  #rowAt = 0
  #count = 0
  #scanned = false
  #stopping = false
  /** Calls that need a note before them; null: no process died over this delivery. */
  readonly #careful: CarefulCalls | null
  /** Made by the first `unsaved`: most passes end before it. */
  #saving: Saving | null = null
  /** Steady time at which the pass began. */
  readonly since: number

  constructor(parts: PassParts, claim: Claim) {
    super(parts, claim)
    this.#parts = parts
    this.#result = new ResultDraft(claim, parts.clock, this.resumed)
    this.#copies = parts.dedupe.join(claim)
    this.#tally = parts.tallies ? new PassTally() : null
    this.#trace = parts.traces && claim.rows === null && this.resumed === null ? new PassTrace() : null
    this.counts = claim.rows === null && parts.hears('read') ? new ReadCounts() : null
    this.#careful = claim.careful ? new CarefulCalls(claim) : null
    this.#time = this.steady()
    this.since = this.#time
  }

  /** The ends of events that are not saved yet; null: there are none. */
  unsaved(): Unsaved | null {
    if (!this.#scanned) return null
    this.#saving ??= new Saving(this.#view())
    return this.#saving.collect(this.now())
  }

  #view(): SavedPass {
    const pending = (handler: string) =>
      this.#careful?.waiting(handler).map(({ index, row }) => ({ first: index, last: index, row })) ?? []
    const [result, copies] = [this.#result, this.#copies]
    return { claim: this.claim, lanes: this.lanes, result, copies, looked: () => this.#looked(), pending }
  }

  #looked(): readonly Looked[] {
    const { rows } = this.claim
    if (rows === null) return [{ row: null, first: 0, next: this.#next }]
    const looked = rows.slice(0, this.#rowAt).map((row) => ({ row, first: row.first, next: row.last + 1 }))
    const row = rows[this.#rowAt]
    return row === undefined ? looked : [...looked, { row, first: row.first, next: this.#next }]
  }

  /** The settlement is durable. */
  settled(): void {
    this.#copies?.settled()
  }

  async run(): Promise<PassResult> {
    const result = await this.#run()
    if (this.#tally !== null) this.#result.settlement.tally = this.#tallyAtEnd(this.#tally)
    if (this.#trace !== null && this.#scanned) this.#result.settlement.trace = this.#trace.of(this.#count)
    return result
  }

  #tallyAtEnd(tally: PassTally): Tally {
    for (const [name, lane] of this.lanes) tally.done(name, lane.done)
    const { delivery, rows } = this.claim
    for (const [name, count] of this.resumed?.failures(rows ?? []) ?? []) tally.failed(name, count)
    return tally.toTally(rows === null ? this.now() - delivery.receivedAt : null)
  }

  async #run(): Promise<PassResult> {
    const { delivery, rows } = this.claim
    const place = this.#parts.large.join(delivery.body)
    try {
      const provider = this.#parts.provider(delivery.source)
      // A claim asks for deliveries of known sources only.
      if (provider === undefined) throw new Error(`a delivery of "${delivery.source}" was not asked for`)
      const scanning = scanBody(delivery, this.#parts.pacer, provider.ids)
      // No `await` for a small body: an extra microtask would let a later pass overtake this one.
      const scan = scanning instanceof Promise ? await scanning : scanning
      if (typeof scan === 'string') return this.#result.unreadable(scan)
      if (place !== null && hasLarge(scan)) await place.entered
      else place?.leave()
      const facts = deliveryFacts(provider.name, delivery, scan.count)
      this.#count = scan.count
      this.#scanned = true
      if (this.#stopping) this.#leaveRest()
      if (rows === null) await this.#range(scan, provider, facts, 0, scan.count - 1, null)
      else for (const row of rows) await this.#row(scan, provider, facts, row)
      if (this.#careful?.isEmpty === false) await this.#callNoted(this.#careful)
      this.endReading()
      if (this.#parts.test?.hurries()) for (const { runner } of this.lanes.values()) runner.sendOff()
      if (this.outstanding > 0) await this.untilFewerThan(1)
      return this.#result.complete(scan, this, this.#copies)
    } catch (error) {
      this.leave()
      throw error
    } finally {
      this.endReading()
      place?.leave()
    }
  }

  protected override endReading(): void {
    super.endReading()
    this.#copies?.endReading()
  }

  async #row(scan: Scan, provider: Provider, facts: DeliveryFacts, row: WorkRow): Promise<void> {
    this.#next = row.first
    await this.#range(scan, provider, facts, row.first, row.last, row)
    this.#rowAt++
  }

  /** Begins no more calls, leaves what has not begun for later, and aborts the signals of calls that run. */
  stop(): void {
    this.#stopping = true
    if (this.#scanned) this.#leaveRest()
    for (const lane of this.lanes.values()) lane.end('stop')
  }

  /** Only of a first pass: over work rows, `#rowEnds` sees `#stopping` and leaves the rest of each row. */
  #leaveRest(): void {
    const [first, last] = this.claim.rows === null ? [this.#next, this.#count - 1] : [1, 0]
    for (const lane of this.lanes.values()) if (!lane.isAside) lane.setAside(first, last)
  }

  /** Elements `first` to `last`, both inclusive, for all handlers of the pass or for that of the row. */
  async #range(scan: Scan, provider: Provider, facts: DeliveryFacts, first: number, last: number, row: WorkRow | null) {
    if (row !== null && !this.#stopping) this.lanes.get(row.handler)?.goOn()
    const end = Math.min(last + 1, scan.count)
    const { body, source } = this.claim.delivery
    const onBareWords = () => this.#parts.tell('bareWords', { source })
    this.#time = this.steady()
    for (const [from, to] of slices(scan, first, end)) {
      const elements = readSlice(body, scan, from, to, onBareWords)
      for (let index = from; index < to; index++) {
        if (this.#mustWait()) await this.#wait()
        if (row !== null && this.#rowEnds(row, index, end - 1)) return
        if (this.#copies === null || row !== null) this.#next = index + 1
        this.#element(provider, facts, elements[index - from], index, row)
        if (this.#copies?.isFull) await this.#handChecked(this.#copies)
      }
    }
    if (this.#copies !== null) await this.#handChecked(this.#copies)
  }

  #mustWait(): boolean {
    return this.isFull || this.#careful?.isDue === true || this.#parts.pacer.spent()
  }

  /** Called before each event, not after the last one: the pass may settle without a fresh slice of time. */
  async #wait(): Promise<void> {
    if (this.#careful?.isDue) await this.#callNoted(this.#careful)
    if (this.#parts.pacer.spent()) await this.#parts.pacer.breathe()
    if (this.isFull) await this.room()
    this.#time = this.steady()
  }

  /** Hands on the events read since the last call that are no copies. */
  async #handChecked(copies: Copies): Promise<void> {
    for (const { isCopy, ...read } of await copies.take()) {
      if (this.#mustWait()) await this.#wait()
      this.#next = read.index + 1
      if (isCopy) this.#result.absorb(read.index)
      else this.#dispatch(read.event, read.matched, read.index, null)
    }
  }

  /**
   * Whether to leave the rest of the row as it is stored: the pass stops, the handler of the row is paused, or it is
   * behind and rows of other handlers wait.
   */
  #rowEnds(row: WorkRow, index: number, last: number): boolean {
    const lane = this.lanes.get(row.handler)
    if (lane === undefined) return false
    const yields = this.#stopping || lane.mustEnd() || (lane.runner.isBehind() && this.#isWaitedFor(row))
    if (!yields) return false
    lane.setAside(index, last, row)
    return true
  }

  /** Whether a later row belongs to another handler that is not behind itself. */
  #isWaitedFor(row: WorkRow): boolean {
    const rows = this.claim.rows ?? []
    const waiting = rows.slice(rows.indexOf(row) + 1).filter(({ handler }) => handler !== row.handler)
    return waiting.some(({ handler }) => this.lanes.get(handler)?.runner.isBehind() === false)
  }

  #element(provider: Provider, facts: DeliveryFacts, element: unknown, index: number, row: WorkRow | null): void {
    if (element === ERASED && this.claim.delivery.kept === 'some') {
      this.#trace?.skip()
      return
    }
    const reading = readElement(provider, element)
    if ('unreadable' in reading) {
      this.#trace?.giveUp()
      this.#result.quarantine(index, reading.unreadable, reading.path, row)
      return
    }
    const event = toEvent(facts, reading, index, row?.replay?.run)
    this.counts?.add(event)
    this.#trace?.read(event)
    const { resumed } = this
    if (row === null) this.#tally?.read(event)
    const isNew = row === null && (resumed === null || !resumed.isSaid(index))
    if (reading.remark !== undefined && isNew) this.#parts.tell('remarked', { event, remark: reading.remark })
    const matched = this.#parts.registry.match(event)
    if (resumed !== null) this.#countDoneBefore(resumed, matched, index, row)
    if (event.isTest && isNew) this.#parts.tell('tested', { source: event.source })
    if (resumed !== null && this.#isOver(resumed, event, matched, index, row)) return
    if (this.#copies !== null && row === null)
      this.#copies.add({ event, matched, index }, this.isAsked(matched) && !resumed?.isSaid(index))
    else this.#dispatch(event, matched, index, row)
  }

  /** Counts the calls that succeeded before the crash: the pass that died has counted none of them. */
  #countDoneBefore(resumed: Resumed, matched: readonly HandlerSpec[], index: number, row: WorkRow | null): void {
    if (row === null && contains(resumed.copies, index)) return
    const names = row === null ? matched.map(({ name }) => name) : [row.handler]
    for (const name of names)
      if (this.lanes.has(name) && resumed.isDone(row, name, index) && !this.#hasKilled(name, index))
        this.#tally?.done(name, 1)
  }

  /** Whether the event went to quarantine for its deaths with this handler: no call for it succeeded. */
  #hasKilled(name: string, index: number): boolean {
    return this.claim.deaths.some((one) => one.index === index && one.handler === name && one.times >= MOST_DEATHS)
  }

  /**
   * Whether no handler gets the event, since it was over before the crash. Its dead letters from then are told with
   * this settlement, and it gives its key up for them.
   */
  #isOver(
    resumed: Resumed,
    event: AnyEvent,
    matched: readonly HandlerSpec[],
    index: number,
    row: WorkRow | null,
  ): boolean {
    if (this.#result.recall(event, index)) this.#copies?.giveUp(event)
    for (const lane of this.lanes.values()) lane.recall(event, index)
    if (row !== null) return resumed.isOver(row, row.handler, index)
    if (contains(resumed.copies, index)) return true
    return (
      resumed.isSaid(index) && !matched.some(({ name }) => this.lanes.has(name) && !resumed.isOver(null, name, index))
    )
  }

  #dispatch(event: AnyEvent, matched: readonly HandlerSpec[], index: number, row: WorkRow | null): void {
    if (row !== null) {
      const lane = this.lanes.get(row.handler)
      if (lane !== undefined && matched.includes(lane.spec) && isMeant(event, matched, row, this.claim.handlers))
        this.#take(lane, event, index, row)
      return
    }
    const { resumed } = this
    for (const spec of matched) {
      const lane = this.lanes.get(spec.name)
      if (lane === undefined || lane.isAside) continue
      if (resumed?.isOver(null, spec.name, index)) continue
      if (lane.isBehind(this.#time)) lane.setAside(index, this.#count - 1)
      else this.#take(lane, event, index, null)
    }
    // The sender's own tests stay out of the statistics.
    if (!event.isTest && !this.isAsked(matched) && !this.resumed?.isSaid(index)) this.#result.unhandled(event.name)
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
    this.#result.quarantine(index, deadlyReason(deaths, name), null, row, 'deadly')
    this.#copies?.giveUp(event)
  }

  /** Notes and makes the gathered calls, group by group. No other event of the delivery is with a handler meanwhile. */
  async #callNoted(careful: CarefulCalls): Promise<void> {
    for (const group of careful.take()) {
      const calls = group.map(({ index, lane }) => ({ index, handler: lane.spec.name }))
      await this.#parts.noteCalls(this, calls)
      for (const call of group) {
        const { lane, event, index, row, alone } = call
        if (this.#parts.pacer.spent()) await this.#parts.pacer.breathe()
        careful.begin(call)
        if (this.#stopping) lane.setAside(index, index, row)
        else this.hand(lane, event, index, row, this.steady(), alone)
      }
      for (const runner of new Set(group.map(({ lane }) => lane.runner))) runner.sendOff()
      await this.untilFewerThan(1)
    }
  }

  ended(spec: HandlerSpec, item: Item, event: AnyEvent, outcome: Outcome): void {
    const { end } = item
    this.leaves()
    if (outcome.end === 'failed') this.#parts.test?.failed({ handler: spec.name, event, error: outcome.error })
    if (end?.kind === 'retry' && outcome.end === 'failed') {
      this.#tally?.failed(spec.name, 1)
      const { attempts: attempt, dueAt: retryAt } = end
      this.#parts.tell('failed', { event, handler: spec.name, attempt, error: outcome.error, retryAt })
    }
    if (end?.kind !== 'dead') return
    this.#copies?.giveUp(event)
    this.#result.died(spec.name, item, end)
  }

  /**
   * In a first pass, sets slow handlers aside; a work row delays no handler but its own. Not in a pass with care:
   * events set aside would be called later without a note.
   */
  protected waitsLong(): void {
    if (this.#careful !== null) return
    const firstPass = this.claim.rows === null
    if (firstPass)
      for (const lane of this.lanes.values())
        if (!lane.isAside && lane.isBehind()) lane.setAside(this.#next, this.#count - 1)
    // A slow event holds the later events of its order key, and no others.
    if (firstPass || this.isFull) for (const seat of this.seats) seat.parkWaiting()
  }
}
