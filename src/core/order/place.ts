/** One event in the order of a handler: the place where it waits, and the turn that it comes to. */
import type { AnyEvent } from '../../types.ts'
import type { Outcome } from '../call/attempt.ts'
import { type InOrder, Task, type Ticket } from '../call/task.ts'
import type { Order } from './order.ts'
import type { Seat } from './seats.ts'

/** An event on its way to its turn. */
export class Place implements Ticket {
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

/** Its turn has come. */
export class Turn extends Task {
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
