/**
 * Rows of handlers with `orderBy`: which of them may be claimed, as every inbox decides it.
 *
 * | state   | rows in it                                      | made by                              | ended by                  |
 * |---------|-------------------------------------------------|--------------------------------------|---------------------------|
 * | unread  | elements `orderBy` was not called for yet       | a pass whose handler is behind,      | a claim, in the order of  |
 * |         |                                                 | paused, absent or stopped; a revival;| the log                   |
 * |         |                                                 | an opening that gives its handler    |                           |
 * |         |                                                 | an order                             |                           |
 * | parked  | events behind another of their key              | a pass                               | `wake`, for the first of  |
 * |         |                                                 |                                      | their key                 |
 * | waiting | a retry, until it is due; what was woken;       | a pass, `wake`, a replay             | a claim, from `dueAt` on  |
 * |         | replays and events without a key                |                                      |                           |
 * | claimed | what a pass works on                            | a claim                              | its settlement or release |
 *
 * Any state ends when an operator erases the elements, or when an owner opens the inbox without `orderBy` for the
 * handler. The process calls `wake` for a key when no pass can leave an earlier row of it: after the settlement of the
 * last pass that knows the key, or when the inbox calls `InboxListener.freed`. For keys that had rows before the start,
 * or got some while unread rows were stored, it waits until all unread rows that may come earlier have been read. Only
 * `waiting` depends on the clock.
 */
import type { OrderedHandler } from '../../ports/inbox/claims.ts'
import type { NewWorkRow } from '../../ports/inbox/rows.ts'

export interface Unread {
  readonly seq: number
  readonly dueAt: number
  readonly isClaimed: boolean
  /** It was under claim when a process died: claimed as a suspect, but in its turn. */
  readonly isCareful: boolean
}

/** A row in state `waiting` whose due time has come. */
export interface Due {
  readonly seq: number
  readonly dueAt: number
  readonly hasKey: boolean
}

export type RowState = 'unread' | 'parked' | 'waiting'

/** The state of a row that is not under claim. */
export function stateOf({ orderKey, parked, replay }: NewWorkRow, handlerHasOrder: boolean): RowState {
  if (!handlerHasOrder || replay !== null) return 'waiting'
  if (orderKey === undefined) return 'unread'
  return parked ? 'parked' : 'waiting'
}

/**
 * Deliveries with rows of an ordered handler that may be claimed now. Unread rows in the order of the log, up to the
 * first that is a suspect or whose delivery is under claim for other rows; each is due no earlier than those before it.
 * Then due rows; those with a key only up to the first delivery with unread rows. Reads both lists only as far as
 * needed.
 */
export function* claimable(
  unread: Iterable<Unread>,
  due: Iterable<Due>,
  claimBefore: number,
  isHeld: (seq: number) => boolean,
): Generator<Pick<Due, 'seq' | 'dueAt'>> {
  let [latest, first] = [0, Number.POSITIVE_INFINITY]
  for (const { seq, dueAt, isClaimed, isCareful } of unread) {
    if (isClaimed) continue
    first = Math.min(first, seq)
    if (isCareful || isHeld(seq) || seq >= claimBefore) break
    latest = Math.max(latest, dueAt)
    yield { seq, dueAt: latest }
  }
  for (const row of due) if (!row.hasKey || (row.seq < claimBefore && row.seq <= first)) yield row
}

/** How far an ordered handler may be claimed now, and whether unread rows are left then. */
export interface Stop {
  /** `seq` of the last delivery whose rows may be claimed. */
  readonly last: number
  readonly isUnread: boolean
}

/** An ordered handler stops at its first unread row that is neither claimed nor both picked and below `claimBefore`. */
export function stopAt(unread: Iterable<Unread>, claimBefore: number, isPicked: (one: Unread) => boolean): Stop {
  for (const one of unread)
    if (!one.isClaimed && !(isPicked(one) && one.seq < claimBefore))
      return { last: Math.min(claimBefore - 1, one.seq), isUnread: true }
  return { last: claimBefore - 1, isUnread: false }
}

/**
 * Whether a row comes with this claim of its delivery: suspect rows only with a claim with care. undefined: no claim.
 */
export const isOfClaim = (claim: { readonly careful: boolean } | undefined, isCareful: boolean): boolean =>
  claim !== undefined && (claim.careful || !isCareful)

/**
 * Whether an unread row of the handler comes with this claim of its delivery, which may be claimed for rows of others: a
 * handler that is not asked for, since it has no room, gets nothing of it.
 */
export const isTaken = (
  handler: string,
  { isCareful }: Pick<Unread, 'isCareful'>,
  claim: { readonly careful: boolean } | undefined,
  asked: readonly string[],
): boolean => asked.includes(handler) && isOfClaim(claim, isCareful)

/** Whether an unread row comes before this one in the order of the handler. */
export function isTooEarly(seq: number, row: NewWorkRow, stop: Stop | undefined): boolean {
  return row.replay === null && row.orderKey !== null && seq > (stop?.last ?? seq)
}

interface Stored {
  readonly row: NewWorkRow
  readonly careful: boolean
}

/**
 * The due rows of a delivery, in its order, that come with this claim. An unread row that stays, since it is a suspect,
 * keeps those of its handler that lie behind it.
 */
export function rowsWith<R extends Stored>(
  claim: { readonly seq: number; readonly careful: boolean } | undefined,
  rows: readonly R[],
  stops: ReadonlyMap<string, Stop>,
): R[] {
  const stopped = new Set<string>()
  return rows.filter((one) => {
    const { handler, orderKey, replay } = one.row
    const isUnread = stops.has(handler) && orderKey === undefined && replay === null
    const comes = comesWith(claim, one, stops) && !(isUnread && stopped.has(handler))
    if (isUnread && !comes) stopped.add(handler)
    return comes
  })
}

/** Whether a due row comes with this claim of its delivery, as far as other rows of the delivery leave it. */
const comesWith = (
  claim: { readonly seq: number; readonly careful: boolean } | undefined,
  { row, careful }: Stored,
  stops: ReadonlyMap<string, Stop>,
): boolean => claim !== undefined && isOfClaim(claim, careful) && !isTooEarly(claim.seq, row, stops.get(row.handler))

/** Whether the state of a row lets it be claimed. */
export const isDueIn = (state: RowState, dueAt: number, now: number): boolean =>
  state === 'unread' || (state === 'waiting' && dueAt <= now)

/** 0, which claims nothing, while a first pass that was given back waits. */
export const limitOf = ({ claimBefore }: OrderedHandler, isReturned: boolean): number => (isReturned ? 0 : claimBefore)

/**
 * The rows to wake, of all rows of a key in the order of the log: the first ones, as far as they are parked and of one
 * delivery. No row behind a `waiting` one is woken, even where a parked row that was stored late comes before that one.
 */
export function toWake<R extends { readonly seq: number; readonly isParked: boolean }>(
  rows: readonly R[],
  most: number,
): readonly R[] {
  const end = rows.findIndex(({ seq, isParked }) => !isParked || seq !== rows[0]?.seq)
  return rows.slice(0, end === -1 ? most : Math.min(end, most))
}
