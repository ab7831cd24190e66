/** What is old enough to go, as every inbox decides it. */
import type { Retention } from '../../ports/inbox/opening.ts'

/** What was received, or made, at this moment or before is old enough to go, in ms. -Infinity: it is kept for ever. */
export interface Cutoffs {
  readonly bodies: number
  /** The rows that repeats are told by. */
  readonly keys: number
  readonly deadLetters: number
  readonly quarantined: number
}

/** While the clock may not be believed nothing is old. */
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

/** Whether its body has had its time. `isOver` is asked last: whether the store is larger than it may be. */
export const hasHadItsTime = (receivedAt: number, { bodies }: Cutoffs, isOver: () => boolean): boolean =>
  receivedAt <= bodies || isOver()

/** Whether a delivery with no work left loses its body. */
export const losesBody = (one: Finished, cutoffs: Cutoffs, isOver: () => boolean): boolean =>
  one.hasBody && !one.isQuarantined && hasHadItsTime(one.receivedAt, cutoffs, isOver)

/** Whether a delivery with no work left is forgotten whole. */
export const isForgotten = (one: Finished, isDead: boolean, { keys }: Cutoffs): boolean =>
  !one.hasBody && !one.isQuarantined && !isDead && one.receivedAt <= keys
