/** One event of a pass for one handler, and how it ended. */

import type { NewWorkRow, StoredError, WorkRow } from '../../ports/inbox/rows.ts'
import type { PassAbout } from '../../ports/instrument.ts'
import type { AnyEvent } from '../../types.ts'
import { type Outcome, RETURNED } from '../call/attempt.ts'
import { Ordered } from '../call/task.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { type End, endOf, type Times } from './end.ts'

/** The lane that it is in, as it sees that. */
export interface ItemLane {
  readonly spec: HandlerSpec
  readonly pass: Times
  readonly about: PassAbout | null
  /** The row that stands for it, once it has ended; null: none does. `now`: from when its waits are reckoned. */
  rowOf(item: Item, now: number): NewWorkRow | null
  /** Told exactly once, when its end is set. */
  ended(item: Item, event: AnyEvent, outcome: Outcome): void
}

const NO_ERRORS: readonly StoredError[] = Object.freeze([])

/** Lets go of the event when it has ended. */
export class Item extends Ordered {
  readonly index: number
  readonly alone: boolean
  /** What it comes from; null: a first pass. */
  readonly row: WorkRow | null
  /** Its own, once it is known. */
  orderKey: number | null = null
  end: End | null = null
  /** What lies before it was done: no row may reach over that. */
  isBroken = false
  readonly lane: ItemLane
  #event: AnyEvent | null
  #keptKey: number | null = null

  constructor(event: AnyEvent, index: number, row: WorkRow | null, alone: boolean, lane: ItemLane) {
    super()
    this.#event = event
    this.index = index
    this.row = row
    this.alone = alone
    this.lane = lane
  }

  /** Not to be asked for once it has ended. */
  get event(): AnyEvent {
    return this.#event as AnyEvent
  }

  override get about(): PassAbout | null {
    return this.lane.about
  }

  get attempts(): number {
    return this.row === null ? 0 : this.row.attempts
  }

  get errors(): readonly StoredError[] {
    return this.row === null ? NO_ERRORS : this.row.errors
  }

  /** What it is stored under when it is given back: the order key of its row, or one that others are stored under. */
  get storedKey(): number | null {
    return this.row?.orderKey ?? this.#keptKey
  }

  over(outcome: Outcome): End['kind'] {
    if (this.end !== null) return this.end.kind
    return this.#end(endOf(outcome, this, this.lane.spec, this.lane.pass), outcome)
  }

  parked(key: number): void {
    if (this.end === null) this.#end({ kind: 'parked', key }, RETURNED)
  }

  keepKey(key: number): void {
    this.#keptKey = key
  }

  #end(end: End, outcome: Outcome): End['kind'] {
    const { event } = this
    this.end = end
    this.#event = null
    this.leaveOrder()
    this.attempt = null
    this.lane.ended(this, event, outcome)
    return end.kind
  }
}
