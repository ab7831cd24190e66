/** The passes of one handler in the order of the log: whose events may come into line, and which leave rows unread. */

import type { Outcome } from '../call/attempt.ts'
import type { OrderedTask, Turn } from '../call/task.ts'
import type { Empty } from './key.ts'

/** Comes after every delivery. */
export const NOBODY = Number.MAX_SAFE_INTEGER

/** The order of a handler, as its seats and places see it. */
export interface Seating {
  readonly handler: string
  take(place: Place): void
  giveBack(place: Place): void
  ended(place: Place, outcome: Outcome): void
  endReading(seat: Seat): void
  stopKey(key: number, seat: Seat): void
  settled(seat: Seat): readonly Empty[]
  giveBackAllWaiting(): void
  parkWaiting(seat: Seat): void
  /** Nothing has become of the key since. */
  isIdle(empty: Empty): boolean
  /** The inbox has answered: `left` are the keys that have rows. */
  woken(asked: readonly Empty[], left: ReadonlySet<number>): void
}

/** An event on its way to its turn. */
export class Place implements Turn {
  readonly order: Seating
  readonly seat: Seat
  readonly key: number
  /** The event comes from a row that is stored under its key: it does not wait for the stored rows of the key. */
  readonly fromRow: boolean
  readonly task: OrderedTask
  state: Turn['state'] = 'waiting'

  constructor(order: Seating, seat: Seat, key: number, fromRow: boolean, task: OrderedTask) {
    this.order = order
    this.seat = seat
    this.key = key
    this.fromRow = fromRow
    this.task = task
    task.stand(this)
  }

  giveBack(): void {
    this.order.giveBack(this)
  }

  ended(outcome: Outcome): void {
    this.order.ended(this, outcome)
  }
}

/** The place of one pass in the order of one handler. */
export class Seat {
  readonly seq: number
  readonly order: Seating
  /** Its events, while an earlier delivery is still being read. */
  readonly waitingForEarlier: Place[] = []
  /** Keys that this pass has rows of, or leaves rows of. */
  readonly keys = new Set<number>()
  /** Keys of which an event has failed or was parked in this pass: its later events of the key wait too. */
  readonly stopped = new Set<number>()
  /** An event was given back that may be before those of this pass: none of them may begin any more. */
  mustGiveBack = false
  /** A part of its delivery will be stored as unread. */
  hasLeft = false

  constructor(seq: number, order: Seating) {
    this.seq = seq
    this.order = order
  }

  /** Takes the event in, in the order of its delivery. */
  take(key: number, fromRow: boolean, task: OrderedTask): void {
    this.order.take(new Place(this.order, this, key, fromRow, task))
  }

  /** An event of the key failed in an earlier pass: later events wait for the row that the settlement makes of it. */
  stopKey(key: number): void {
    this.order.stopKey(key, this)
  }

  /** Everything of its delivery was taken in, or is left. */
  endReading(): void {
    this.order.endReading(this)
  }

  /** The settlement of the pass is durable: returns the keys whose rows may be woken now. */
  settled(): readonly Empty[] {
    return this.order.settled(this)
  }

  /** A part of its delivery is left unread. */
  leave(): void {
    this.hasLeft = true
    if (!this.mustGiveBack) this.order.giveBackAllWaiting()
  }

  /** Parks the events of the pass that wait behind others of their key, so that the pass need not wait for them. */
  parkWaiting(): void {
    this.order.parkWaiting(this)
  }
}

/** The seats of passes that have not been settled, in the order of the log; for a strict order alone. */
export class Seats {
  readonly #seats: Seat[] = []
  readonly #reading = new Set<Seat>()

  /** A copy, to be walked while handlers are called. */
  all(): readonly Seat[] {
    return [...this.#seats]
  }

  add(seat: Seat): void {
    const after = this.#seats.findIndex((other) => other.seq > seat.seq)
    this.#seats.splice(after === -1 ? this.#seats.length : after, 0, seat)
  }

  delete(seat: Seat): void {
    this.#seats.splice(this.#seats.indexOf(seat), 1)
  }

  /** From now on events of later deliveries wait for it. */
  beginReading(seat: Seat): void {
    this.#reading.add(seat)
  }

  /** False where it was not being read. */
  endReading(seat: Seat): boolean {
    return this.#reading.delete(seat)
  }

  /** Whether all deliveries before it have been read. */
  isNext(seat: Seat): boolean {
    for (const other of this.#seats) {
      if (other.seq >= seat.seq) return true
      if (this.#reading.has(other)) return false
    }
    return true
  }

  /** `seq` of the first delivery whose pass leaves rows unread; `NOBODY` where none does. */
  get claimBefore(): number {
    const leaves = (seat: Seat) => seat.hasLeft || (seat.mustGiveBack && this.#reading.has(seat))
    return this.#seats.find(leaves)?.seq ?? NOBODY
  }

  giveBackAll(): void {
    for (const seat of this.#seats) seat.mustGiveBack = true
  }
}
