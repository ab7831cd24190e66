/** The life of a receiver: new → open → closing → closed. A start that fails leaves it new. */
import { PosthornError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'

export type LifeState = 'new' | 'open' | 'closing' | 'closed'

export interface LifeParts<Closed> {
  readonly clock: Clock
  /** Opens all that there is, and calls `opened`; a close may come in the middle of it. */
  open(): Promise<void>
  /** Ends all that there is, until the moment `end` of the clock. */
  close(wasOpen: boolean, timeoutMs: number, end: number): Promise<Closed>
  /** What is told of a start that failed, as a sentence ends with it. */
  whyOf(error: unknown): string
}

export class Life<Closed> {
  readonly #parts: LifeParts<Closed>
  #state: LifeState = 'new'
  #starting: Promise<void> | null = null
  #lastFailure: string | null = null
  #closing: Promise<Closed> | null = null

  constructor(parts: LifeParts<Closed>) {
    this.#parts = parts
  }

  get state(): LifeState {
    return this.#state
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** It closes, or is closed. */
  get isOver(): boolean {
    return this.#state === 'closing' || this.#state === 'closed'
  }

  /** Somebody has asked for a start, which has not failed. */
  get hasBegun(): boolean {
    return this.#starting !== null || this.#state !== 'new'
  }

  /** @throws ERR_RECEIVER_CLOSED */
  assertUsable(): void {
    if (this.isOver) throw closedError()
  }

  start(): Promise<void> {
    if (this.isOver) return Promise.reject(closedError())
    this.#starting ??= this.#parts.open().catch((error: unknown) => {
      // The next start, or the next request, tries again.
      this.#starting = null
      this.#lastFailure = this.#parts.whyOf(error)
      throw error
    })
    return this.#starting
  }

  opened(): void {
    this.#state = 'open'
  }

  close(timeoutMs: number): Promise<Closed> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<Closed> {
    const end = this.#parts.clock.steady() + timeoutMs
    const wasOpen = this.isOpen
    this.#state = 'closing'
    try {
      return await this.#parts.close(wasOpen, timeoutMs, end)
    } finally {
      this.#state = 'closed'
    }
  }

  /** Resolves when a start that is under way has ended in whatever way, or at `end`, in steady time. */
  startEnded(end: number): Promise<void> {
    const { clock } = this.#parts
    const starting = this.#starting
    if (starting === null) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = clock.after(Math.max(0, end - clock.steady()), resolve)
      const over = () => {
        cancel()
        resolve()
      }
      starting.then(over, over)
    })
  }

  /** Why no delivery is accepted; null while it is open. */
  get whyNotOpen(): string | null {
    if (this.#state === 'open') return null
    if (this.#state !== 'new') return `the receiver is ${this.#state}`
    if (this.#starting !== null) return 'the receiver is starting'
    return this.#lastFailure === null ? 'not started: call start()' : `could not start${this.#lastFailure}`
  }
}

const closedError = () => new PosthornError('ERR_RECEIVER_CLOSED', 'the receiver is closed; create a new one')
