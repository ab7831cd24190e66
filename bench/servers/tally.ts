/** The work of every handler here: it looks at the event and counts it. */
import { setTimeout as sleep } from 'node:timers/promises'

export class Tally {
  #count = 0
  #target = Number.POSITIVE_INFINITY
  #reached: () => void = () => {}
  readonly #ms: number

  constructor(ms: number) {
    this.#ms = ms
  }

  get count(): number {
    return this.#count
  }

  reset(): void {
    this.#count = 0
  }

  /** A handler as users write it: asynchronous, touching what it was given. */
  async handle(event: unknown): Promise<void> {
    if (this.#ms > 0) await sleep(this.#ms)
    if (typeof event !== 'object' || event === null) return
    if (++this.#count >= this.#target) this.#reached()
  }

  /** Resolves at the call that makes it so many since `reset`. */
  async until(count: number): Promise<void> {
    if (this.#count >= count) return
    await new Promise<void>((resolve) => {
      this.#target = count
      this.#reached = resolve
    })
    this.#target = Number.POSITIVE_INFINITY
  }
}
