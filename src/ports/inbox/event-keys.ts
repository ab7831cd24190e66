/** What sources with `dedupeEvents` need of an inbox: which delivery has an event first. */

/** Keys of events, two numbers below 2^53 for each, that one delivery is to be known by. */
export interface EventKeys {
  /** How long a key is kept at least, in ms; at most a quarter longer. */
  readonly windowMs: number
  /** When they were made: decides how long they live. */
  readonly at: number
  readonly keys: Float64Array
}

export interface EventKeyStore {
  /**
   * The delivery that each key was kept for, by `seq`, 0 for none, in the order of the request, which is two numbers for
   * each key.
   */
  owners(windowMs: number, keys: Float64Array): Promise<readonly number[]>
  /**
   * As `owners`, and makes the delivery the owner of each key that has none, so that of two processes that ask at the same
   * time one is told so. Asked in a first pass before its events are handed on; a settlement brings no keys then. Where a
   * reservation is lost with its process, its delivery is worked on again, and still has it. Absent: one process alone works
   * on the store, and keeps its reservations in memory.
   */
  reserve?(reservation: Reservation): Promise<readonly number[]>
}

export interface Reservation extends EventKeys {
  /** Of the delivery whose events these are. */
  readonly seq: number
}
