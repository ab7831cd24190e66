/** What operators have an inbox do to rows that are stored. */
import type { NewWorkRow } from './rows.ts'

/** Elements of a delivery that a handler is to get again; both inclusive. */
export interface ReplayRow extends Pick<NewWorkRow, 'handler' | 'first' | 'last'> {
  readonly seq: number
}

/** One portion of pruning. */
export interface Pruned {
  /** Bodies that were taken. */
  readonly bodies: number
  /** Rows of deliveries that were removed: a repeat of them would be new. */
  readonly deliveries: number
  readonly deadLetters: number
  readonly quarantined: number
  /** Where the next portion goes on; null: this was the last. */
  readonly next: number | null
  /** The store is above its `maxBytes`, and nothing more can go. */
  readonly over: boolean
}

/** What is to be taken out of one delivery: these elements, or all of its bytes. */
export interface Erasure {
  readonly seq: number
  readonly indices: readonly number[] | null
}

export interface Erased {
  /** Elements, or whole bodies, that were there and are gone. */
  readonly erased: number
  /** Deliveries that are under claim: nothing was done to them. */
  readonly busy: readonly number[]
}

/** Rows of dead letters and of quarantine, by `id`. */
export interface RowIds {
  readonly dead: readonly number[]
  readonly quarantined: readonly number[]
}
