/**
 * What the inbox could not do is asked of it again until it does, so that a failure that passes leaves nothing lying.
 * Whoever asks keeps what it holds meanwhile: nothing overtakes it.
 */
import { codeOf } from '../../lib/code-of.ts'
import type { Clock } from '../../ports/clock.ts'

const AGAIN_MS = 1_000

/** Nobody asks any more, because the work has ended. */
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

  /** Something waits for the inbox to work again. */
  get isWaiting(): boolean {
    return this.#waiting > 0
  }

  /** From now on what fails is given up. */
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
    // No failure: another process has it.
    if (code === 'ERR_CLAIM_LOST') throw error
    this.#trouble(what, error)
    // What the inbox refuses as such it would refuse for ever.
    if (code === 'ERR_OPTION') throw error
    if (this.#isOver || code === 'ERR_INBOX_CLOSED') throw new GivenUp(what, { cause: error })
  }
}
