/** Cancelled replays: a pass under way leaves no rows or dead letters of them. */
import type { Settlement } from '../../ports/inbox/claims.ts'

/** The settlement without rows and dead letters of runs that `isCancelled`. A first pass has none of a replay. */
export function withoutCancelled<S extends Pick<Settlement, 'firstPass' | 'rows' | 'dead'>>(
  settlement: S,
  isCancelled: (run: string) => boolean,
): S {
  const { firstPass, rows, dead } = settlement
  if (firstPass) return settlement
  const isKept = (run: string | null | undefined) => run === null || run === undefined || !isCancelled(run)
  return {
    ...settlement,
    rows: rows.filter(({ replay }) => isKept(replay?.run)),
    dead: dead.filter(({ run }) => isKept(run)),
  }
}
