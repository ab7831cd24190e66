/** What a pass has brought to an end before its settlement, kept beside its claim so that a crash repeats only the rest. */
import type { ClaimRef } from './claim-ref.ts'
import type { EventKeys } from './event-keys.ts'
import type { NewDeadLetter, NewQuarantine, NewWorkRow } from './rows.ts'

/** Elements of a delivery, both inclusive. */
export type Stretch = readonly [first: number, last: number]

/** What stands for elements that are over; all of it is made by the settlement, and by nothing before. */
export interface Ends {
  readonly rows: readonly NewWorkRow[]
  /** What the wall clock said when the due times of `rows` were reckoned. */
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
  /** Elements before it have been looked at: what is said of them whoever their handlers are is said. */
  readonly next: number
  /** By handler the elements that are over: done, or with what stands for them in `Ends`. Ascending, with gaps between. */
  readonly over: Readonly<Record<string, readonly Stretch[]>>
  /** How many parts `Ends` was saved in. */
  readonly parts: number
}

/** What is saved: `next` and `over` as they are now, `Ends` as far as they are not in an earlier part. */
export interface NewProgress extends Progress, ClaimRef {
  /** Keys that its events are to be known by from now on, and those that are to absorb nothing any more. */
  readonly keys?: EventKeys | null | undefined
  readonly forgotten?: Omit<EventKeys, 'at'> | null | undefined
}
