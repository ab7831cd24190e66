/** What the process half takes out of an inbox, and how it settles that. */
import type { NewDeadLetter, NewQuarantine, NewWorkRow, StoredDelivery, WorkRow } from './rows.ts'

/** A delivery to work on. */
export interface Claim {
  readonly delivery: StoredDelivery
  /** The handlers this delivery belongs to, fixed at its first claim. */
  readonly handlers: readonly string[]
  /** null: the first pass over the whole delivery. Otherwise only these rows, all of handlers that were asked for. */
  readonly rows: readonly WorkRow[] | null
  /**
   * A process died while it worked on this: no call is to be made without a `note` before it, and those that have
   * `deaths` are each to be alone. No other claim is under way beside such a delivery, but those that came with it: small
   * ones in their first pass, none of which has `deaths`.
   */
  readonly careful: boolean
  /** Events that were under way, as their notes say, when a process died: how often. */
  readonly deaths: readonly Death[]
  /** With rows: the elements of it that are in quarantine, ascending; null is the whole delivery, and comes first. */
  readonly quarantined: ReadonlyArray<number | null>
}

/** One event for one handler. */
export interface NotedCall {
  readonly index: number
  readonly handler: string
}

/** What was under way when a process died. */
export interface Death extends NotedCall {
  readonly times: number
}

export interface ClaimRequest {
  /** Rows of these handlers only; none at all when it is empty. */
  readonly handlers: readonly string[]
  readonly maxDeliveries: number
  readonly maxBytes: number
  /** Only this delivery, due or not; `maxDeliveries` and `maxBytes` do not matter then. */
  readonly seq?: number | undefined
  readonly ordered?: readonly InOrder[] | undefined
}

/**
 * A handler that gets its events in order. Its rows without a key come in the order of the log, those with one only from
 * deliveries before the first that has some without, and none while a first pass waits that was given back.
 */
export interface InOrder {
  readonly handler: string
  /** Rows of deliveries before this one only, by `seq`. */
  readonly below: number
}

/** The rows of a handler whose events have this key. */
export interface OrderKey {
  readonly handler: string
  readonly key: number
}

/** Keys of events, two numbers below 2^53 for each, that one delivery is to be known by. */
export interface EventKeys {
  /** How long a key is kept at least, in ms; at most a quarter longer. */
  readonly windowMs: number
  /** When they were made: decides how long they live. */
  readonly at: number
  readonly keys: Float64Array
}

/** How far a claim came. Settling ends the claim. */
export interface Settlement {
  readonly seq: number
  /** True ends the first pass; false settles work rows. */
  readonly firstPass: boolean
  /** Number of elements; null when the delivery was not readable, or when work rows are settled. */
  readonly events: number | null
  /** Ids of the work rows that are finished or replaced by `rows`. */
  readonly endedRows: readonly number[]
  readonly rows: readonly NewWorkRow[]
  /** What the wall clock said when the due times of `rows` were reckoned; absent: as it says when they are stored. */
  readonly at?: number | undefined
  readonly dead: readonly NewDeadLetter[]
  readonly quarantined: readonly NewQuarantine[]
  /** Native names nobody asked for, with their number of events. */
  readonly unhandled: Readonly<Record<string, number>>
  /** Events that were handled with another delivery, and are not handed to anybody: how many. */
  readonly duplicateEvents?: number | undefined
  /** Absorb later copies of these events from now on; keys that are known already stay with their delivery. */
  readonly keys?: EventKeys | null | undefined
  /** Keys of events that died: they absorb nothing any more. */
  readonly forgotten?: Omit<EventKeys, 'at'> | null | undefined
}
