/**
 * When the wall clock is set back by a day, a retry due in a second would wait a day longer. An inbox writes down the
 * latest time, so it notices such a leap, while it is open and between two openings, and moves due times back by as
 * much. A clock set forward makes retries early.
 */

/** Smaller steps are normal corrections of a clock; they delay a retry by no more than this. */
const LEAP_MS = 2_000

/** How far the clock was set back since it showed `latest`, in ms; 0: it was not. */
export function leapBack(latest: number, now: number): number {
  return now < latest - LEAP_MS ? latest - now : 0
}

/** The due time after a leap: later times move by `leap`, past ones stay. */
export const broughtForward = (dueAt: number, leap: number, now: number): number => (dueAt > now ? dueAt - leap : dueAt)

/** A due time computed at `at`, corrected where the clock now shows less. */
export const reckonedAnew = (dueAt: number, at: number | undefined, now: number): number =>
  at !== undefined && now < at ? dueAt - (at - now) : dueAt

/** Rows with corrected due times. */
export const asOf = <R extends { readonly dueAt: number }>(
  rows: readonly R[],
  at: number | undefined,
  now: number,
): readonly R[] =>
  at === undefined || at <= now ? rows : rows.map((row) => ({ ...row, dueAt: reckonedAnew(row.dueAt, at, now) }))
