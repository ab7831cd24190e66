/** What an inbox stores: deliveries, and what is left of the work on them. Instants are epoch milliseconds. */
import type { NewDelivery } from './intake.ts'

export interface StoredDelivery extends NewDelivery {
  /** Its place in the log: one that is accepted after another was answered has a higher one. From 1, with gaps. */
  readonly seq: number
  readonly senderLeft: boolean
  readonly duplicates: number
  readonly events: number | null
  /**
   * What is left of the bytes; absent: all of them. `some`: elements were taken out, and tombstones stand in their place
   * (json/tombstone.ts). `none`: `body` is empty. `sha256` is that of the body as received all the same.
   */
  readonly kept?: 'some' | 'none' | undefined
  /** Size of the body as received, where not all of it is left. */
  readonly bytes?: number | undefined
}

/** What was not finished in the first pass: a handler's range of indices, both inclusive, in one delivery. */
export interface NewWorkRow {
  readonly handler: string
  readonly first: number
  readonly last: number
  /** Attempts already made; 0 when the handler has not seen the range. */
  readonly attempts: number
  /** Not to be claimed before; of no meaning while it is parked, or its key is not known. */
  readonly dueAt: number
  /** It waits behind others of its key, not for its time: not to be claimed before a `wake`. Absent: false. */
  readonly parked?: boolean | undefined
  readonly errors: readonly StoredError[]
  /** The replay it is work of; null: the first run. */
  readonly replay: ReplayMark | null
  /**
   * The key that its handler orders these events by; null: they go in no order. Absent: not known yet, and where the
   * handler has an order they are claimed in the order of the log.
   */
  readonly orderKey?: number | null | undefined
}

/** What marks the work of a replay, and which events of its ranges it is about. */
export interface ReplayMark {
  readonly run: string
  /** Only events of this native name; null: of every name. */
  readonly name: string | null
  /** Only events that no handler their delivery belongs to asks for. */
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
  /** The element of the delivery whose error has the same stack, where this one's was left out for that. */
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
  /** For people: nothing is decided by it. */
  readonly reason: string
  /**
   * `deadly`: it can be read, and the process died over it again and again. `more`: it stands for elements that are not
   * listed. Absent: it could not be read.
   */
  readonly kind?: 'deadly' | 'more' | undefined
  readonly path: string | null
  readonly at: number
}

export interface StoredDeadLetter extends NewDeadLetter {
  readonly id: number
  /** The delivery without its body. */
  readonly delivery: Omit<StoredDelivery, 'body'>
  /** How many repeats of its delivery have come since it died. */
  readonly redeliveries: number
}

export interface StoredQuarantine extends NewQuarantine {
  readonly id: number
  readonly source: string
  readonly deliveryId: string
}
