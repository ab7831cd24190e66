/**
 * Turns on the event loop for work that could hold it. Acknowledgements come first: while a request is on its way to
 * one, a slice takes 1 ms and the next begins 3 ms later, so that this work takes at most a quarter of the loop and
 * still never starves. Where the loop had nothing else to do in between (the request waits for its commit or its
 * sender), the next begins at once. Slices stay as short for a while after the last request: its sender comes again.
 * Otherwise slices of 8 ms follow each other, with a turn of the loop in between.
 */
import type { Load } from './receive-parts.ts'

export interface Pacer {
  /** The slice is used up: `await breathe()` before going on. */
  spent(): boolean
  /** Resolves with a fresh slice. First come, first served; one slice a turn, however many wait. */
  breathe(): Promise<void>
}

const [QUIET_MS, BUSY_MS, BUSY_PAUSE_MS] = [8, 1, 3]
/** So long after a request the next one is expected. */
const EXPECTED_MS = 50
/** A turn of the loop in which there was hardly anything to do. */
const IDLE_TURN_MS = 0.2

export function createPacer(load: Load): Pacer {
  const waiting: (() => void)[] = []
  let [sliceStart, scheduled, busyAt] = [performance.now(), false, Number.NEGATIVE_INFINITY]
  const busy = () => load.requests > 0
  const turn = () => {
    scheduled = false
    sliceStart = performance.now()
    waiting.shift()?.()
    if (waiting.length > 0) schedule()
  }
  const schedule = () => {
    if (scheduled) return
    scheduled = true
    const began = performance.now()
    setImmediate(() => {
      if (busy() && performance.now() - began > IDLE_TURN_MS) setTimeout(turn, BUSY_PAUSE_MS)
      else turn()
    })
  }
  return {
    spent() {
      const now = performance.now()
      if (busy()) busyAt = now
      return now - sliceStart > (now - busyAt < EXPECTED_MS ? BUSY_MS : QUIET_MS)
    },
    breathe: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        schedule()
      }),
  }
}
