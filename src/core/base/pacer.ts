/**
 * Turns on the event loop for work that could hold it. Acknowledgements come first: while a request is on its way to
 * one, a slice takes 1 ms, and the next begins once the loop has had nothing else to do for a few turns (the requests
 * wait for their commit, or for their senders), or after 3 ms: in a busy loop this work takes a quarter, and never
 * starves. Slices stay as short for a while after the last request: its sender comes again. Otherwise slices of 8 ms
 * follow each other, with a turn of the loop in between.
 */
import type { Load } from './load.ts'

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
/** An inbox may gather for a few turns before it begins to store: work that begins in them would hold that up. */
const IDLE_TURNS = 6

type Requests = Pick<Load, 'requests' | 'begun'>

export function createPacer(load: Requests): Pacer {
  return new LoopPacer(load)
}

class LoopPacer implements Pacer {
  readonly #load: Requests
  readonly #waiting: (() => void)[] = []
  #sliceStart = performance.now()
  #scheduled = false
  #busyAt = Number.NEGATIVE_INFINITY
  /** Requests that were known when it was last looked. */
  #known: number

  constructor(load: Requests) {
    this.#load = load
    this.#known = load.begun
  }

  spent(): boolean {
    const now = performance.now()
    // While a slice holds the loop no request is seen: one may have come and gone before it.
    if (this.#isBusy() || this.#load.begun !== this.#known) this.#busyAt = now
    this.#known = this.#load.begun
    return now - this.#sliceStart > (now - this.#busyAt < EXPECTED_MS ? BUSY_MS : QUIET_MS)
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#schedule()
    })
  }

  #isBusy(): boolean {
    return this.#load.requests > 0
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    const began = performance.now()
    setImmediate(() => this.#look(began, began, 0))
  }

  /** After each turn; `idle`: so many before it had hardly anything to do. */
  #look(began: number, last: number, idle: number): void {
    const now = performance.now()
    const stillIdle = now - last > IDLE_TURN_MS ? 0 : idle + 1
    if (!this.#isBusy() || stillIdle >= IDLE_TURNS || now - began >= BUSY_PAUSE_MS) this.#begin()
    else setImmediate(() => this.#look(began, now, stillIdle))
  }

  #begin(): void {
    this.#scheduled = false
    this.#sliceStart = performance.now()
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) this.#schedule()
  }
}
