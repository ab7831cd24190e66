/** Handlers that `endWork` gave up: passes under way leave nothing for them, and these events count as cancelled. */
import type { Settlement } from '../../ports/inbox/claims.ts'
import { eventsIn } from './ranges.ts'

/** The `seenAt` of such a handler, until an opening names it again. */
export const DROPPED_AT = 0

interface Left<S> {
  readonly settlement: S
  /** Number of events. */
  readonly cancelled: number
}

/**
 * The settlement without rows and dead letters of dropped handlers. Only a first pass leaves rows for absent handlers.
 */
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
