/** What sources with `dedupeEvents` need of an inbox: which delivery has an event first. */

/** Keys of events of one delivery, two numbers below 2^53 for each. */
export interface EventKeys {
  /** How long a key is kept at least, in ms; at most a quarter longer. */
  readonly windowMs: number
  /** Epoch ms from which `windowMs` counts. */
  readonly at: number
  readonly keys: Float64Array
}

export interface EventKeyStore {
  /**
   * For each key the `seq` of the delivery that owns it, 0 where none does; in the order of `keys`, which has two
   * numbers for each key. `seq`: the delivery whose events these are.
   */
  firstSeen(windowMs: number, keys: Float64Array, seq: number): Promise<readonly number[]>
  /**
   * As `firstSeen`, and makes the delivery the owner of each key that has none: where two processes call at the same
   * time, one delivery becomes the owner. Called in a first pass before its events are handed on; its settlement then
   * brings no keys. When the process dies, its delivery is claimed again and still owns the key. Absent: only one
   * process works on the store, and core keeps the reservations in memory.
   */
  reserve?(reservation: Reservation): Promise<readonly number[]>
}

export interface Reservation extends EventKeys {
  /** The delivery whose events these are. */
  readonly seq: number
}
