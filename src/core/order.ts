/**
 * Handlers with `orderBy`: the events of one key run one at a time, in the order of the log, over all deliveries.
 *
 * What is under way stands in lines, one for each key, in memory. An event comes into its line when every delivery
 * before its own has been read by all passes that read for the handler; so a line is in the order of the log without
 * being sorted. Three things stop a line:
 * - Its first event has failed and waits for its retry: the key is *held*, in memory and by the rows stored under it.
 *   What is in line and what comes later is *parked*: rows without a due time. When the last pass that knows the key has
 *   settled, the inbox is asked to *wake* it: it makes the first parked rows due when nothing before them waits.
 * - The line is too long: the same, so that a slow key fills neither memory nor the window of a pass.
 * - Something was given back unread (the handler is behind, paused, or stops): what comes after it is given back too,
 *   and first passes hand nothing on until the inbox has nothing unread any more. Rows come back in the order of the log.
 *
 * Where each delivery is handled inside its request nothing can wait for what is stored: the order is then that of
 * arrival, one at a time for each key, and a failure holds nobody.
 */
import type { AnyEvent } from '../types.ts'
import { type Outcome, RETURNED } from './attempt.ts'
import type { Runner } from './dispatch.ts'
import { Lateness } from './order-lateness.ts'
import type { NewWorkRow } from './ports.ts'
import { type InOrder, Task, type Ticket } from './task.ts'

/** Events of one key in memory, and so many parked rows are woken at once. */
export const MOST_IN_LINE = 32
/** Comes after every delivery. */
const NOBODY = Number.MAX_SAFE_INTEGER

interface Line {
  /** The first one is with the handler. */
  readonly places: Place[]
  /** Rows are stored under the key, or will be. */
  isHeld: boolean
  /** Passes whose settlement may change what is stored under the key. */
  seats: number
  /** Counts everything that could make an answer of the inbox old. */
  changes: number
}

/** What was known when the inbox was asked. */
export interface Mark {
  readonly raises: number
  readonly quiet: boolean
}

/** A key without anything in its line, and what was known of it then. */
export interface Empty {
  readonly key: number
  readonly changes: number
}

/** An event on its way to its turn. */
class Place implements Ticket {
  readonly order: Order
  readonly seat: Seat
  readonly key: number
  /** It comes from a row that is stored under its key: it need not wait for those. */
  readonly fromRow: boolean
  readonly task: InOrder
  state: 'waiting' | 'begun' | 'over' = 'waiting'
  ticket: Ticket | null = null

  constructor(order: Order, seat: Seat, key: number, fromRow: boolean, task: InOrder) {
    this.order = order
    this.seat = seat
    this.key = key
    this.fromRow = fromRow
    this.task = task
  }

  withdraw(): void {
    if (this.state === 'waiting') this.order.giveBack(this)
    else this.ticket?.withdraw()
  }

  stop(): void {
    this.ticket?.stop()
  }

  abandon(): void {
    this.ticket?.abandon()
  }
}

/** The place of one pass in the order of one handler. */
export class Seat {
  readonly seq: number
  readonly order: Order
  /** Those that come after a delivery that is still being read. */
  readonly gated: Place[] = []
  /** Keys that this pass has rows of, or leaves rows of. */
  readonly keys = new Set<number>()
  /** Keys of which an event has failed or was parked in this pass: rows it was given with them must wait too. */
  readonly stopped = new Set<number>()
  /** Something was given back that may be before it: nothing of it may begin any more. */
  isRaised = false
  /** A part of its delivery will be stored as unread. */
  hasLeft = false

  constructor(seq: number, order: Order) {
    this.seq = seq
    this.order = order
  }

  /** Takes the event in, in the order of its delivery. */
  take(key: number, fromRow: boolean, task: InOrder): Ticket {
    return this.order.take(new Place(this.order, this, key, fromRow, task))
  }

  /** Everything of its delivery was taken in, or is left. */
  endReading(): void {
    this.order.endReading(this)
  }

  /** The settlement of its pass is durable: answers the keys whose rows may be woken now. */
  settled(): readonly Empty[] {
    return this.order.settled(this)
  }

  /** A part of its delivery is left unread. */
  leave(): void {
    this.hasLeft = true
    if (!this.isRaised) this.order.raise()
  }

  /** Parks what waits behind others of its key: the pass is not to wait for it. */
  parkWaiting(): void {
    this.order.parkWaiting(this)
  }
}

export interface OrderParts {
  /** False: nothing waits for what is stored. */
  readonly strict: boolean
  /** Keys that rows are stored under. */
  readonly held: readonly number[]
  /** Told when there is room again. */
  onRoom(): void
}

/** Its turn has come. */
class Turn extends Task {
  readonly event: AnyEvent
  readonly attempts: number
  readonly alone: boolean
  override readonly outOfOrder: boolean
  readonly #ended: (outcome: Outcome) => void

  constructor({ event, attempts, alone }: InOrder, outOfOrder: boolean, ended: (outcome: Outcome) => void) {
    super()
    this.event = event
    this.attempts = attempts
    this.alone = alone
    this.outOfOrder = outOfOrder
    this.#ended = ended
  }

  done(outcome: Outcome): void {
    this.#ended(outcome)
  }
}

export class Order {
  readonly handler: string
  readonly #runner: Runner
  readonly #parts: OrderParts
  readonly #lines = new Map<number, Line>()
  /** Those of passes that have not been settled, in the order of the log. */
  readonly #seats: Seat[] = []
  readonly #reading = new Set<Seat>()
  readonly #waiting = new Set<Place>()
  readonly #lateness = new Lateness()
  #raises = 0
  /** Unread rows may be stored: first passes leave everything. */
  #barred: boolean

  constructor(runner: Runner, parts: OrderParts) {
    this.handler = runner.spec.name
    this.#runner = runner
    this.#parts = parts
    this.#barred = parts.strict
    for (const key of parts.held) this.#line(key).isHeld = true
  }

  get strict(): boolean {
    return this.#parts.strict
  }

  /** A pass begins; in the order of the log among those that begin together. `rows` null: a first pass. */
  join(seq: number, rows: readonly Pick<NewWorkRow, 'orderKey'>[] | null): Seat {
    const seat = new Seat(seq, this)
    const after = this.#seats.findIndex((other) => other.seq > seq)
    this.#seats.splice(after === -1 ? this.#seats.length : after, 0, seat)
    if (!this.strict) return seat
    seat.isRaised = rows === null && this.#barred
    this.#reading.add(seat)
    for (const { orderKey } of rows ?? []) if (typeof orderKey === 'number') this.#hold(seat, orderKey)
    return seat
  }

  /** Before the inbox is asked for work. */
  mark(): Mark {
    return { raises: this.#raises, quiet: this.below === NOBODY }
  }

  /** The first delivery that will leave something unread: what comes after it must not be claimed before that. */
  get below(): number {
    const leaves = (seat: Seat) => seat.hasLeft || (seat.isRaised && this.#reading.has(seat))
    return this.#seats.find(leaves)?.seq ?? NOBODY
  }

  /** What the inbox has said, before its claims begin. */
  learn(mark: Mark, unread: boolean): void {
    if (!unread && mark.quiet && mark.raises === this.#raises) this.#barred = false
  }

  /** Whether it is worth claiming what was left for the handler. */
  hasRoom(): boolean {
    return this.#waiting.size < this.#runner.spec.concurrency
  }

  take(place: Place): Ticket {
    this.#waiting.add(place)
    if (this.#isNext(place.seat)) this.#admit(place)
    else place.seat.gated.push(place)
    return place
  }

  endReading(seat: Seat): void {
    if (!this.#reading.delete(seat)) return
    for (const other of [...this.#seats]) {
      if (!this.#isNext(other)) return
      for (const place of other.gated.splice(0)) this.#admit(place)
    }
  }

  /** Takes back all that has not begun. */
  raise(): void {
    this.#raises++
    if (this.strict) {
      this.#barred = true
      for (const seat of this.#seats) seat.isRaised = true
    }
    for (const place of [...this.#waiting]) if (place.state === 'waiting') this.giveBack(place)
  }

  giveBack(place: Place): void {
    this.#keep(place)
    this.#leaveLine(place)
    place.task.done(RETURNED)
  }

  parkWaiting(seat: Seat): void {
    if (!this.strict) return
    const keys = new Set([...this.#waiting].filter((place) => place.seat === seat).map(({ key }) => key))
    for (const key of keys) this.#parkAfter(this.#line(key), seat)
  }

  settled(seat: Seat): Empty[] {
    this.#seats.splice(this.#seats.indexOf(seat), 1)
    if (seat.hasLeft) queueMicrotask(this.#parts.onRoom)
    const empty: Empty[] = []
    for (const key of seat.keys) {
      const line = this.#line(key)
      line.seats--
      if (line.seats > 0 || line.places.length > 0) continue
      empty.push({ key, changes: line.changes })
    }
    return empty
  }

  /** The inbox has answered: `left` are the keys that have rows. What has changed since is asked about once more. */
  woken(asked: readonly Empty[], left: ReadonlySet<number>): void {
    for (const { key, changes } of asked)
      if (!left.has(key) && this.#lines.get(key)?.changes === changes) this.#lines.delete(key)
  }

  #line(key: number): Line {
    const known = this.#lines.get(key)
    if (known !== undefined) return known
    const line = { places: [], isHeld: false, seats: 0, changes: 0 }
    this.#lines.set(key, line)
    return line
  }

  /** Whether all deliveries before it have been read. */
  #isNext(seat: Seat): boolean {
    for (const other of this.#seats) {
      if (other.seq >= seat.seq) return true
      if (this.#reading.has(other)) return false
    }
    return true
  }

  #admit(place: Place): void {
    if (place.state !== 'waiting') return
    if (place.seat.isRaised) {
      this.giveBack(place)
      return
    }
    const line = this.#line(place.key)
    line.changes++
    const mayPass = place.fromRow && !place.seat.stopped.has(place.key)
    const mustPark = (line.isHeld && !mayPass) || line.places.length >= MOST_IN_LINE
    if (this.strict && mustPark) this.#park(place)
    else if (line.places.push(place) === 1) this.#begin(place)
  }

  #begin(place: Place): void {
    place.state = 'begun'
    this.#noLongerWaits(place)
    const outOfOrder = this.#lateness.isLate(place.key, place.task.event)
    const turn = new Turn(place.task, outOfOrder, (outcome) => this.#ended(place, outcome))
    place.ticket = turn
    this.#runner.submit(turn)
  }

  #ended(place: Place, outcome: Outcome): void {
    const line = this.#line(place.key)
    const how = place.task.done(outcome)
    place.state = 'over'
    line.places.shift()
    line.changes++
    if (how === 'returned') this.#returned(place)
    // Others may have been parked behind it meanwhile: its settlement is what they wait for.
    if (line.isHeld || (how === 'retry' && this.strict)) this.#hold(place.seat, place.key)
    if (how === 'retry' && this.strict) this.#stop(place, line)
    const next = line.places[0]
    if (next !== undefined) this.#begin(next)
    else if (!line.isHeld && line.seats === 0) this.#lines.delete(place.key)
  }

  #returned(place: Place): void {
    this.#keep(place)
    this.raise()
  }

  /** It is left: unread, or under its key where something after it is stored so. */
  #keep(place: Place): void {
    place.seat.hasLeft = true
    if (!this.#lines.get(place.key)?.isHeld) return
    place.task.keepKey(place.key)
    this.#hold(place.seat, place.key)
  }

  #stop(place: Place, line: Line): void {
    place.seat.stopped.add(place.key)
    this.#parkAfter(line, null)
  }

  /** Parks those that wait in the line, from the first of the seat on; null: all of them. */
  #parkAfter(line: Line, seat: Seat | null): void {
    const first = line.places.findIndex((place) => place.state === 'waiting' && (seat === null || place.seat === seat))
    if (first !== -1) for (const place of line.places.splice(first)) this.#park(place)
  }

  #park(place: Place): void {
    this.#hold(place.seat, place.key)
    place.seat.stopped.add(place.key)
    this.#leaveLine(place)
    place.task.parked(place.key)
  }

  #hold(seat: Seat, key: number): void {
    const line = this.#line(key)
    line.isHeld = true
    line.changes++
    if (seat.keys.has(key)) return
    seat.keys.add(key)
    line.seats++
  }

  #leaveLine(place: Place): void {
    place.state = 'over'
    this.#noLongerWaits(place)
    const places = this.#lines.get(place.key)?.places ?? []
    const at = places.indexOf(place)
    if (at !== -1) places.splice(at, 1)
  }

  #noLongerWaits(place: Place): void {
    const { concurrency } = this.#runner.spec
    if (this.#waiting.delete(place) && this.#waiting.size === concurrency - 1) queueMicrotask(this.#parts.onRoom)
  }
}
