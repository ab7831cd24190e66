/** What an inbox stores: deliveries, work rows, dead letters, quarantine. Instants are epoch milliseconds. */
import type { NewDelivery } from './intake.ts'

export interface StoredDelivery extends NewDelivery {
  /** Its place in the log, from 1, with gaps. A delivery that arrives after another was answered has a higher `seq`. */
  readonly seq: number
  readonly senderLeft: boolean
  readonly duplicates: number
  readonly events: number | null
  /**
   * What is left of the body; absent: all of it. `some`: elements were erased, and tombstones stand in their place
   * (json/tombstone.ts). `none`: `body` is empty. `sha256` is always that of the body as received.
   */
  readonly kept?: 'some' | 'none' | undefined
  /** Size of the body as received, where `kept` is set. */
  readonly bytes?: number | undefined
}

/** Elements of one delivery, `first` to `last`, both inclusive, that one handler has still to do. */
export interface NewWorkRow {
  readonly handler: string
  readonly first: number
  readonly last: number
  /** Attempts already made; 0: the handler has not been called for these elements. */
  readonly attempts: number
  /** Claim it no earlier. Without meaning while the row is parked or unread. */
  readonly dueAt: number
  /** The row waits behind others of its order key: claim it only after a `wake`. Absent: false. */
  readonly parked?: boolean | undefined
  readonly errors: readonly StoredError[]
  /** The replay that the row belongs to; null: none. */
  readonly replay: ReplayMark | null
  /**
   * The order key of these events; null: they go in no order. Absent: `orderBy` was not called for them yet; rows of a
   * handler with `orderBy` are then claimed in the order of the log.
   */
  readonly orderKey?: number | null | undefined
}

/** Which replay a work row belongs to, and which events of its range are replayed. */
export interface ReplayMark {
  readonly run: string
  /** Only events of this native name; null: of every name. */
  readonly name: string | null
  /** Only events that none of the handlers that their delivery belongs to asks for. */
  readonly unhandled: boolean
}

export interface WorkRow extends NewWorkRow {
  readonly id: number
}

export interface StoredCause {
  readonly name: string
  readonly message: string
  readonly code: string | null
  /** The frames, one a line; absent where there are none. */
  readonly stack?: string | undefined
  readonly cause?: StoredCause | undefined
  /** Of an `AggregateError`. */
  readonly errors?: readonly StoredCause[] | undefined
}

export interface StoredError extends StoredCause {
  readonly attempt: number
  readonly at: number
  /** The stack is left out here: it is that of the error of this element of the delivery. */
  readonly stackAt?: number | undefined
}

export interface NewDeadLetter {
  readonly handler: string
  readonly index: number
  readonly attempts: number
  readonly errors: readonly StoredError[]
  readonly at: number
  /** The bytes of the element, so that the dead letter outlives its delivery. */
  readonly element: Uint8Array
  /** Number of elements in its delivery. */
  readonly size: number
  /** The replay in which it died; null: the first run. */
  readonly run: string | null
}

export interface NewQuarantine {
  /** null: the whole delivery. */
  readonly index: number | null
  /** A sentence for people. No code decides by it. */
  readonly reason: string
  /**
   * `deadly`: it can be read, and processes died again and again while it was with a handler. `more`: the row stands
   * for elements that are not listed. Absent: it could not be read.
   */
  readonly kind?: 'deadly' | 'more' | undefined
  readonly path: string | null
  readonly at: number
}

export interface StoredDeadLetter extends NewDeadLetter {
  readonly id: number
  /** The delivery without its body. */
  readonly delivery: Omit<StoredDelivery, 'body'>
  /** Repeats of its delivery since it died. */
  readonly redeliveries: number
}

export interface StoredQuarantine extends NewQuarantine {
  readonly id: number
  readonly source: string
  readonly deliveryId: string
}
