/**
 * A wall clock that is set back would leave every retry waiting by as much longer: one of a second waits a day. An inbox
 * knows times that have been, so a leap shows, while it is open and between two openings; due times are then brought
 * forward by as much. A clock set forward makes retries early.
 */

/** Smaller steps are those of a clock that is kept right; they delay nothing by more than this. */
const LEAP_MS = 2_000

/** How far the clock was set back since it said `latest`; 0: it was not. */
export function leapBack(latest: number, now: number): number {
  return now < latest - LEAP_MS ? latest - now : 0
}

/** When a row is due that is later than now by a clock that has leapt. */
export const broughtForward = (dueAt: number, leap: number, now: number): number => (dueAt > now ? dueAt - leap : dueAt)

/** Due times that were reckoned when the clock said `at` and are stored when it says less. */
export const reckonedAnew = (dueAt: number, at: number | undefined, now: number): number =>
  at !== undefined && now < at ? dueAt - (at - now) : dueAt

/** Rows with their due times reckoned anew. */
export const asOf = <R extends { readonly dueAt: number }>(
  rows: readonly R[],
  at: number | undefined,
  now: number,
): readonly R[] =>
  at === undefined || at <= now ? rows : rows.map((row) => ({ ...row, dueAt: reckonedAnew(row.dueAt, at, now) }))
