/** What is old enough to be removed, as every inbox decides it. */
import type { Retention } from '../../ports/inbox/opening.ts'

/** In epoch ms: what was received, or made, then or before is old enough. -Infinity: it is kept for ever. */
export interface Cutoffs {
  readonly bodies: number
  /** Rows of deliveries, by which repeats are recognised. */
  readonly keys: number
  readonly deadLetters: number
  readonly quarantined: number
}

/** While the clock is not steady nothing is old enough. */
export function cutoffsAt(retention: Retention, wall: number, isSteady: boolean): Cutoffs {
  const now = isSteady ? wall : 0
  const { bodiesMs, keysMs, deadLettersMs, quarantineMs } = retention
  return {
    bodies: now - bodiesMs,
    keys: now - Math.max(bodiesMs, keysMs),
    deadLetters: now - deadLettersMs,
    quarantined: now - quarantineMs,
  }
}

export interface Finished {
  readonly receivedAt: number
  readonly hasBody: boolean
  readonly isQuarantined: boolean
}

/** Whether the time of a body is over. `isOver`, called last: whether the store is larger than `maxBytes`. */
export const hasHadItsTime = (receivedAt: number, { bodies }: Cutoffs, isOver: () => boolean): boolean =>
  receivedAt <= bodies || isOver()

/** Whether a delivery with no work left loses its body. */
export const losesBody = (one: Finished, cutoffs: Cutoffs, isOver: () => boolean): boolean =>
  one.hasBody && !one.isQuarantined && hasHadItsTime(one.receivedAt, cutoffs, isOver)

/** Whether the row of a delivery with no work left is removed. `isDead`: it has dead letters. */
export const isForgotten = (one: Finished, isDead: boolean, { keys }: Cutoffs): boolean =>
  !one.hasBody && !one.isQuarantined && !isDead && one.receivedAt <= keys
