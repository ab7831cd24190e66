/**
 * What a pass has finished before its settlement: saved, so that after a crash only the rest is repeated.
 */
import type { ClaimRef } from './claim-ref.ts'
import type { EventKeys } from './event-keys.ts'
import type { NewDeadLetter, NewQuarantine, NewWorkRow } from './rows.ts'

/** Elements of a delivery, both inclusive. */
export type Stretch = readonly [first: number, last: number]

/**
 * Rows, dead letters and quarantine of elements that are over. They become real with the settlement, not before.
 */
export interface Ends {
  readonly rows: readonly NewWorkRow[]
  /** Wall clock time at which the due times of `rows` were computed. */
  readonly at: number
  readonly dead: ReadonlyArray<Omit<NewDeadLetter, 'element'>>
  readonly quarantined: readonly NewQuarantine[]
  /** As in a settlement. */
  readonly unhandled: Readonly<Record<string, number>>
  /** Elements that were absorbed as copies, for all handlers. */
  readonly copies: readonly Stretch[]
}

/** Of a first pass, or of one work row. */
export interface Progress extends Ends {
  /** The id of the work row; null: the first pass. */
  readonly row: number | null
  /** Index of the first element that was not read: quarantine and copies of all before it are saved. */
  readonly next: number
  /**
   * By handler the elements that are over: done, or with a row, dead letter or quarantine in `Ends`. Ascending
   * stretches, with gaps between.
   */
  readonly over: Readonly<Record<string, readonly Stretch[]>>
  /** The number of parts that `Ends` was saved in. */
  readonly parts: number
}

/** The progress to save: `next` and `over` as they are now, and of `Ends` what no earlier part has. */
export interface NewProgress extends Progress, ClaimRef {
  /** As in a settlement. */
  readonly keys?: EventKeys | null | undefined
  readonly forgotten?: Omit<EventKeys, 'at'> | null | undefined
}
