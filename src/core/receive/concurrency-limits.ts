/** How many calls of the user's code a source makes at once. */
import type { Responder } from '../../ports/responder.ts'

interface Running {
  taken: number
  readonly waiting: (() => void)[]
}

export class ConcurrencyLimits {
  readonly #running = new WeakMap<Responder, Running>()

  /** Calls `run` when fewer than `concurrency` calls run, first come first served. */
  async take<T>(responder: Responder, run: () => Promise<T>): Promise<T> {
    const running = this.#runningOf(responder)
    if (running.taken < responder.concurrency) running.taken++
    else await new Promise<void>((resolve) => running.waiting.push(resolve))
    try {
      return await run()
    } finally {
      const next = running.waiting.shift()
      if (next === undefined) running.taken--
      else next()
    }
  }

  #runningOf(responder: Responder): Running {
    const known = this.#running.get(responder)
    if (known !== undefined) return known
    const running: Running = { taken: 0, waiting: [] }
    this.#running.set(responder, running)
    return running
  }
}
