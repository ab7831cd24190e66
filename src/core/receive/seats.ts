/** How many calls of the user's code a source makes at once. */
import type { Responder } from '../../ports/responder.ts'

interface Line {
  taken: number
  readonly waiting: (() => void)[]
}

export class Seats {
  readonly #lines = new WeakMap<Responder, Line>()

  /** Calls `run` when there is a seat, first come first served; it is free again when `run` has ended. */
  async take<T>(responder: Responder, run: () => Promise<T>): Promise<T> {
    const line = this.#lineOf(responder)
    if (line.taken < responder.concurrency) line.taken++
    else await new Promise<void>((resolve) => line.waiting.push(resolve))
    try {
      return await run()
    } finally {
      const next = line.waiting.shift()
      if (next === undefined) line.taken--
      else next()
    }
  }

  #lineOf(responder: Responder): Line {
    const known = this.#lines.get(responder)
    if (known !== undefined) return known
    const line: Line = { taken: 0, waiting: [] }
    this.#lines.set(responder, line)
    return line
  }
}
