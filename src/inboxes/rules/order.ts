/**
 * Rows of handlers with `orderBy`: which of them may be claimed, as every inbox decides it.
 *
 * | state   | what waits so                                   | made by                              | ended by                  |
 * |---------|-------------------------------------------------|--------------------------------------|---------------------------|
 * | unread  | elements whose key nobody has asked for yet     | a pass whose handler is behind,      | a claim, in the order of  |
 * |         |                                                 | paused, absent or stopped; a revival;| the log                   |
 * |         |                                                 | an opening that gives its handler    |                           |
 * |         |                                                 | an order                             |                           |
 * | parked  | events behind another of their key              | a pass                               | `wake`, for the first of  |
 * |         |                                                 |                                      | their key                 |
 * | waiting | a retry, until it is due; what was woken;       | a pass, `wake`, a replay             | a claim, from `dueAt` on  |
 * |         | replays and events without a key                |                                      |                           |
 * | claimed | what a pass works on                            | a claim                              | its settlement or release |
 *
 * Any state ends when an operator erases the elements or an owner opens the inbox for whom the handler has no order. The
 * process asks for `wake` when no pass can leave anything before the row: after the settlement of the last one that knows
 * the key, when the inbox tells of keys whose rows were removed (`onFreed`), and for keys that had rows before its start, or
 * got some while unread ones were stored, not earlier than all that may be before those has been read. The clock has a part
 * in `waiting` alone.
 */
import type { InOrder } from '../../ports/inbox/claims.ts'
import type { NewWorkRow } from '../../ports/inbox/rows.ts'

export interface Unread {
  readonly seq: number
  readonly dueAt: number
  readonly isClaimed: boolean
  /** It was under claim when a process died: it is claimed with care, but in its turn. */
  readonly isCareful: boolean
}

/** A row that waits for its time, and whose time has come. */
export interface Due {
  readonly seq: number
  readonly dueAt: number
  readonly hasKey: boolean
}

export type RowState = 'unread' | 'parked' | 'waiting'

/** The state of a row that nobody has claimed. */
export function stateOf({ orderKey, parked, replay }: NewWorkRow, handlerHasOrder: boolean): RowState {
  if (!handlerHasOrder || replay !== null) return 'waiting'
  if (orderKey === undefined) return 'unread'
  return parked ? 'parked' : 'waiting'
}

/**
 * Deliveries with rows of an ordered handler that may be claimed now: unread ones in the order of the log, up to the
 * first whose delivery is under claim for something else or that wants care, and due no earlier than those before them;
 * then those that are due, those with a key only up to the first delivery with unread ones. Both lists are read as far as it goes.
 */
export function* claimable(
  unread: Iterable<Unread>,
  due: Iterable<Due>,
  below: number,
  isHeld: (seq: number) => boolean,
): Generator<Pick<Due, 'seq' | 'dueAt'>> {
  let [latest, first] = [0, Number.POSITIVE_INFINITY]
  for (const { seq, dueAt, isClaimed, isCareful } of unread) {
    if (isClaimed) continue
    first = Math.min(first, seq)
    if (isCareful || isHeld(seq) || seq >= below) break
    latest = Math.max(latest, dueAt)
    yield { seq, dueAt: latest }
  }
  for (const row of due) if (!row.hasKey || (row.seq < below && row.seq <= first)) yield row
}

/** How far the rows of an ordered handler go that may be claimed now, and whether unread ones are left then. */
export interface Stop {
  /** The last delivery, by `seq`. */
  readonly last: number
  readonly isUnread: boolean
}

/** An ordered handler stops at its first unread row that is not claimed, and not in the pick or not below the limit. */
export function stopAt(unread: Iterable<Unread>, below: number, isPicked: (one: Unread) => boolean): Stop {
  for (const one of unread)
    if (!one.isClaimed && !(isPicked(one) && one.seq < below))
      return { last: Math.min(below - 1, one.seq), isUnread: true }
  return { last: below - 1, isUnread: false }
}

/** Whether rows of a delivery come with this claim of it: what wants care comes with no other. Nothing: it is not claimed. */
export const isOfClaim = (claim: { readonly careful: boolean } | undefined, isCareful: boolean): boolean =>
  claim !== undefined && (claim.careful || !isCareful)

/** Whether a row comes after one that is still to be read. */
export function isTooEarly(seq: number, row: NewWorkRow, stop: Stop | undefined): boolean {
  return row.replay === null && row.orderKey !== null && seq > (stop?.last ?? seq)
}

/** Whether a row whose time has come comes with this claim of its delivery. */
export const comesWith = (
  claim: { readonly seq: number; readonly careful: boolean } | undefined,
  { row, careful }: { readonly row: NewWorkRow; readonly careful: boolean },
  stops: ReadonlyMap<string, Stop>,
): boolean => claim !== undefined && isOfClaim(claim, careful) && !isTooEarly(claim.seq, row, stops.get(row.handler))

/** Whether a row may be claimed at all by its own state. */
export const isDueIn = (state: RowState, dueAt: number, now: number): boolean =>
  state === 'unread' || (state === 'waiting' && dueAt <= now)

/** While a first pass waits that was given back, nothing after it may be claimed. */
export const limitOf = ({ below }: InOrder, isReturned: boolean): number => (isReturned ? 0 : below)

/**
 * Whose rows are to be woken, of all of a key in the order of the log: the first ones of one delivery, as far as they are
 * parked. Behind one that waits for its time nothing is woken, also where one that came back late lies before it.
 */
export function toWake<R extends { readonly seq: number; readonly isParked: boolean }>(
  rows: readonly R[],
  most: number,
): readonly R[] {
  const end = rows.findIndex(({ seq, isParked }) => !isParked || seq !== rows[0]?.seq)
  return rows.slice(0, end === -1 ? most : Math.min(end, most))
}
