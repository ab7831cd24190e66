/** One event of a pass for one handler, and how it ended. */

import type { NewWorkRow, StoredError, WorkRow } from '../../ports/inbox/rows.ts'
import type { PassAbout } from '../../ports/instrument.ts'
import type { AnyEvent } from '../../types.ts'
import { type Outcome, RETURNED } from '../call/attempt.ts'
import { OrderedTask } from '../call/task.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { type End, endOf, type Times } from './end.ts'

/** What an item asks of its lane. */
export interface ItemLane {
  readonly spec: HandlerSpec
  readonly pass: Times
  readonly about: PassAbout | null
  /** The work row that replaces an item that has ended; null: it needs none. Its wait is counted from `now`. */
  rowOf(item: Item, now: number): NewWorkRow | null
  /** Called exactly once, when `item.end` is set. */
  ended(item: Item, event: AnyEvent, outcome: Outcome): void
}

const NO_ERRORS: readonly StoredError[] = Object.freeze([])

/** Drops its event when it has ended: a large delivery has many items. */
export class Item extends OrderedTask {
  readonly index: number
  readonly alone: boolean
  /** The work row that it was claimed with; null: a first pass. */
  readonly row: WorkRow | null
  /** The order key of the event, once `orderBy` was called. */
  orderKey: number | null = null
  end: End | null = null
  /** The elements just before it are done: no row may reach over them. */
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

  /** Read it only while the item has not ended. */
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

  /**
   * The order key to store it under when it is given back: that of its row, or one under which later rows are stored
   * already.
   */
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
