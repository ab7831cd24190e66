/**
 * Handlers with `orderBy`: the events of one key run one at a time, in the order of the log, over all deliveries.
 *
 * What is under way stands in lines, one for each key, in memory. An event comes into its line when every delivery
 * before its own has been read by all passes that read for the handler; so a line is in the order of the log without
 * being sorted. The states of an event in this process, which end as one of a work row (`inboxes/rules/order.ts`):
 *
 * | state                 | where                     | goes on when                                               |
 * |-----------------------|---------------------------|------------------------------------------------------------|
 * | waits for earlier     | `seat.waitingForEarlier`  | every earlier delivery has been read (`endReading`)        |
 * | in line               | `line.places`, behind one | the one before it is over                                  |
 * | begun                 | first of `line.places`    | its handler has answered                                   |
 * | over: done, or dead   | nowhere                   | the next in line begins                                    |
 * | over: to be retried   | a row that waits, its key | its time has come; the key has rows, the line is parked     |
 * | over: parked          | a row that is parked      | the last pass that knows the key has settled (`wake`)      |
 * | over: given back      | an unread row             | the inbox hands it out, in the order of the log            |
 *
 * A line is parked when its first event has failed, and from its 33rd place on, so that a slow key fills neither memory
 * nor the window of a pass. Something is given back when the handler is behind, paused, or stops: then what comes after
 * it is given back too, and first passes hand nothing on until the inbox has nothing unread any more.
 *
 * Where each delivery is handled inside its request nothing can wait for what is stored: the order is then that of
 * arrival, one at a time for each key, and a failure holds nobody.
 *
 * `seats.ts` knows which deliveries have been read, `lines.ts` what is under way for each key, and
 * `carried.ts` what waits until nothing unread is before it; here events go from the one to the other, to their turns, and back.
 */

import type { NewWorkRow } from '../../ports/inbox/rows.ts'
import { type Outcome, RETURNED } from '../call/attempt.ts'
import type { Runner } from '../call/runner.ts'
import { Carried } from './carried.ts'
import type { Empty } from './key.ts'
import { Lateness } from './lateness.ts'
import { type Line, Lines, MOST_IN_LINE } from './lines.ts'
import { NOBODY, type Place, Seat, type Seating, Seats } from './seats.ts'

/** What was known when the inbox was asked. */
export interface Snapshot {
  /** How often something was given back. */
  readonly returns: number
  /** No pass under way will leave anything unread. */
  readonly isQuiet: boolean
}

export interface OrderParts {
  /** False: nothing waits for what is stored. */
  readonly strict: boolean
  /** Keys that rows are stored under. */
  readonly storedKeys: readonly number[]
  /** Told when there is room again. */
  onRoom(): void
}

type Keyed = Pick<NewWorkRow, 'orderKey'>

export class Order implements Seating {
  readonly handler: string
  readonly #runner: Runner
  readonly #parts: OrderParts
  readonly #lines: Lines
  readonly #seats = new Seats()
  readonly #carried: Carried
  /** Those in line, or on their way there, whose turn has not come. */
  readonly #waiting = new Set<Place>()
  readonly #lateness = new Lateness()
  #returns = 0
  /** The last delivery that was begun for the handler. */
  #reached = 0
  /** Unread rows may be stored: first passes leave everything. */
  #mayHaveUnread: boolean
  /** While the inbox was asked for the claims that begin now, something was given back: their rows may come after it. */
  #isAnsweredLate = false

  constructor(runner: Runner, parts: OrderParts) {
    this.handler = runner.spec.name
    this.#runner = runner
    this.#parts = parts
    this.#mayHaveUnread = parts.strict
    this.#lines = new Lines(parts.storedKeys)
    this.#carried = new Carried(this.#lines, this.#seats)
  }

  get strict(): boolean {
    return this.#parts.strict
  }

  /**
   * A pass begins; in the order of the log among those that begin together. `rows` null: a first pass. `stopped`: rows
   * that its settlement makes of what was over before; what comes after them waits.
   */
  join(seq: number, rows: readonly Keyed[] | null, stopped: readonly Keyed[] = []): Seat {
    const seat = new Seat(seq, this)
    if (!this.strict) return seat
    this.#reached = Math.max(this.#reached, seq)
    this.#seats.add(seat)
    seat.mustGiveBack = rows === null ? this.#mayHaveUnread : this.#isAnsweredLate
    this.#seats.beginReading(seat)
    for (const { orderKey } of rows ?? []) if (typeof orderKey === 'number') this.#lines.keepRows(orderKey, seat)
    for (const { orderKey } of stopped) if (typeof orderKey === 'number') this.stopKey(orderKey, seat)
    return seat
  }

  stopKey(key: number, seat: Seat): void {
    this.#lines.keepRows(key, seat)
    seat.stopped.add(key)
  }

  /** Before the inbox is asked for work. */
  snapshot(): Snapshot {
    return { returns: this.#returns, isQuiet: this.claimBefore === NOBODY }
  }

  /** `seq` of the first delivery under way that will leave unread rows: claim only rows of deliveries before it. */
  get claimBefore(): number {
    return this.#seats.claimBefore
  }

  /** The last delivery that was begun for the handler. */
  get reached(): number {
    return this.#reached
  }

  /** The inbox has answered a claim; called before its claims begin. `hasUnread`: unread rows are left in the inbox. */
  answered({ isQuiet, returns }: Snapshot, hasUnread: boolean): void {
    this.#isAnsweredLate = returns !== this.#returns
    if (isQuiet && !hasUnread && !this.#isAnsweredLate) this.#mayHaveUnread = false
  }

  /** Whether carried keys have still to be woken. */
  get hasCarried(): boolean {
    return this.#carried.isWaiting
  }

  /** Called when no first pass is left that a process died over or gave back. Returns the carried keys to wake now. */
  keysParkedBefore(): readonly Empty[] {
    return this.#mayHaveUnread ? [] : this.#carried.keysParkedBefore()
  }

  /** Whether it is worth claiming what was left for the handler. */
  hasRoom(): boolean {
    return this.#waiting.size < this.#runner.spec.concurrency
  }

  take(place: Place): void {
    this.#waiting.add(place)
    if (this.#seats.isNext(place.seat)) this.#admit(place)
    else place.seat.waitingForEarlier.push(place)
  }

  endReading(seat: Seat): void {
    if (!this.#seats.endReading(seat)) return
    for (const other of this.#seats.all()) {
      if (!this.#seats.isNext(other)) return
      for (const place of other.waitingForEarlier.splice(0)) this.#admit(place)
    }
  }

  /** Takes back all that has not begun. */
  giveBackAllWaiting(): void {
    this.#returns++
    if (this.strict) {
      this.#mayHaveUnread = true
      this.#seats.giveBackAll()
      this.#carried.mayComeBefore()
    }
    for (const place of [...this.#waiting]) if (place.state === 'waiting') this.giveBack(place)
  }

  giveBack(place: Place): void {
    this.#keep(place)
    this.#leaveLine(place)
    place.task.over(RETURNED)
  }

  parkWaiting(seat: Seat): void {
    if (!this.strict) return
    const keys = new Set([...this.#waiting].filter((place) => place.seat === seat).map(({ key }) => key))
    for (const key of keys) this.#parkAfter(this.#lines.of(key), seat)
  }

  settled(seat: Seat): readonly Empty[] {
    if (seat.hasLeft) queueMicrotask(this.#parts.onRoom)
    if (!this.strict) return []
    this.#seats.delete(seat)
    if (this.#mayHaveUnread) this.#carried.take(seat.keys)
    // Carried keys first: they leave out the keys that this pass still knows, which `Lines.settled` returns next.
    return [...this.#carried.settled(seat), ...this.#lines.settled(seat, this.#carried.isWaiting)]
  }

  isIdle(empty: Empty): boolean {
    return this.#lines.isIdle(empty)
  }

  /** The inbox has answered: `left` are the keys that have rows. */
  woken(asked: readonly Empty[], left: ReadonlySet<number>): void {
    this.#lines.woken(asked, left)
  }

  /** A row of the key was removed from the inbox: returns the key, unless a pass that knows it will have it woken. */
  freed(key: number): readonly Empty[] {
    return this.strict ? this.#lines.idle(key, this.#carried.isWaiting) : []
  }

  #admit(place: Place): void {
    if (place.state !== 'waiting') return
    if (place.seat.mustGiveBack) {
      this.giveBack(place)
      return
    }
    const line = this.#lines.of(place.key)
    line.changes++
    const mayPass = place.fromRow && !place.seat.stopped.has(place.key)
    const mustPark = (line.hasRows && !mayPass) || line.places.length >= MOST_IN_LINE
    if (this.strict && mustPark) this.#park(place)
    else if (line.places.push(place) === 1) this.#begin(place)
  }

  #begin(place: Place): void {
    place.state = 'begun'
    this.#noLongerWaits(place)
    place.task.outOfOrder = this.#lateness.isLate(place.key, place.task.event)
    this.#runner.submit(place.task)
  }

  ended(place: Place, outcome: Outcome): void {
    const line = this.#lines.of(place.key)
    const how = place.task.over(outcome)
    place.state = 'over'
    line.places.shift()
    line.changes++
    if (how === 'returned') this.#returned(place)
    // Events that were parked behind it meanwhile wait for the settlement of this pass.
    if (line.hasRows || (how === 'retry' && this.strict)) this.#lines.keepRows(place.key, place.seat)
    if (how === 'retry' && this.strict) this.#stop(place, line)
    const next = line.places[0]
    if (next !== undefined) this.#begin(next)
    else this.#lines.end(place.key, line)
  }

  #returned(place: Place): void {
    this.#keep(place)
    this.giveBackAllWaiting()
  }

  /** The event is left: unread, or under its key where a later event of the key is stored under it already. */
  #keep(place: Place): void {
    place.seat.hasLeft = true
    if (!this.#lines.hasRows(place.key)) return
    place.task.keepKey(place.key)
    this.#lines.keepRows(place.key, place.seat)
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
    this.#lines.keepRows(place.key, place.seat)
    place.seat.stopped.add(place.key)
    this.#leaveLine(place)
    place.task.parked(place.key)
  }

  #leaveLine(place: Place): void {
    place.state = 'over'
    this.#noLongerWaits(place)
    this.#lines.leave(place)
  }

  #noLongerWaits(place: Place): void {
    const { concurrency } = this.#runner.spec
    if (this.#waiting.delete(place) && this.#waiting.size === concurrency - 1) queueMicrotask(this.#parts.onRoom)
  }
}
