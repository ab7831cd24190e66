/**
 * Repeats what an inbox could not do, until it does it: trouble that passes leaves no work behind. The caller keeps its
 * claim meanwhile, so that nothing overtakes it.
 */
import { codeOf } from '../../lib/code-of.ts'
import type { Clock } from '../../ports/clock.ts'

const AGAIN_MS = 1_000

/** The call was given up, because the work has ended. */
export class GivenUp extends Error {}

export class Again {
  readonly #clock: Clock
  readonly #trouble: (what: string, error: unknown) => void
  #waiting = 0
  #isOver = false

  constructor(clock: Clock, trouble: (what: string, error: unknown) => void) {
    this.#clock = clock
    this.#trouble = trouble
  }

  /** Whether a call waits to be repeated. */
  get isWaiting(): boolean {
    return this.#waiting > 0
  }

  /** From now on a call that fails is given up, and not repeated. */
  end(): void {
    this.#isOver = true
  }

  reopen(): void {
    this.#isOver = false
  }

  /** `what` is told of every failure. @throws GivenUp, ERR_CLAIM_LOST, or the error of an inbox that refuses */
  async ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      this.#assertWorthWhile(what, error)
    }
    this.#waiting++
    try {
      return await this.#insist(what, ask)
    } finally {
      this.#waiting--
    }
  }

  async #insist<T>(what: string, ask: () => Promise<T>): Promise<T> {
    for (;;) {
      await new Promise<void>((resolve) => void this.#clock.after(AGAIN_MS, resolve))
      try {
        return await ask()
      } catch (error) {
        this.#assertWorthWhile(what, error)
      }
    }
  }

  #assertWorthWhile(what: string, error: unknown): void {
    const code = codeOf(error)
    // A lost claim is no failure: another process has it.
    if (code === 'ERR_CLAIM_LOST') throw error
    this.#trouble(what, error)
    // An inbox that refuses the call itself would refuse it for ever.
    if (code === 'ERR_OPTION') throw error
    if (this.#isOver || code === 'ERR_INBOX_CLOSED') throw new GivenUp(what, { cause: error })
  }
}
