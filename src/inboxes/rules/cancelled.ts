/** Replays that were cancelled: what a pass under way would leave of them is not kept. */
import type { Settlement } from '../../ports/inbox/claims.ts'

/** `isCancelled` is asked of each replay by its id. Of a first pass nothing is of a replay. */
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
