/** Handlers that were given up: what passes under way would leave for them is given up too, and counted as cancelled. */
import type { Settlement } from '../../ports/inbox/claims.ts'
import { eventsIn } from './ranges.ts'

/** When such a handler was seen last, until an opening names it again. */
export const DROPPED_AT = 0

interface Left<S> {
  readonly settlement: S
  /** Events. */
  readonly cancelled: number
}

/** Of a first pass: only there something is left for handlers that nobody has. */
export function withoutDropped<S extends Pick<Settlement, 'firstPass' | 'rows' | 'dead'>>(
  settlement: S,
  isDropped: (handler: string) => boolean,
): Left<S> {
  const { firstPass, rows, dead } = settlement
  const names = new Set(firstPass ? [...rows, ...dead].map(({ handler }) => handler) : [])
  const dropped = new Set([...names].filter(isDropped))
  if (dropped.size === 0) return { settlement, cancelled: 0 }
  const isKept = ({ handler }: { readonly handler: string }) => !dropped.has(handler)
  const gone = rows.filter((row) => !isKept(row))
  const letters = dead.filter(isKept)
  return {
    settlement: { ...settlement, rows: rows.filter(isKept), dead: letters },
    cancelled: eventsIn(gone) + dead.length - letters.length,
  }
}
