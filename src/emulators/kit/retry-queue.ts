/** The deliveries to one target: sent in turn, repeated on a schedule, given up at its end. */
import type { Tasks } from './clock.ts'

export interface RetryQueueOptions<T> {
  readonly tasks: Tasks
  /** Sends the item; true when it was acknowledged. `attempt` counts from 1. */
  readonly send: (item: T, attempt: number) => Promise<boolean>
  /** Milliseconds to wait after the first failure, the second, and so on; after the last of them it is given up. */
  readonly delaysMs: readonly number[]
  /** The last delay repeats without end, and nothing is given up. Default false. */
  readonly endless?: boolean
  /** How many are sent at a time. Default 1. */
  readonly concurrency?: number
  /** Nothing overtakes an item that failed: the others wait until it is acknowledged or given up. Default false. */
  readonly strict?: boolean
  readonly acknowledged?: (item: T, attempts: number) => void
  readonly gaveUp?: (item: T, attempts: number) => void
}

interface Queued<T> {
  readonly item: T
  attempts: number
}

/**
 * Items are sent in the order they were pushed; one that failed waits for its time and then goes before those that have
 * not been tried. With a virtual clock all of it happens inside `advance`.
 */
export class RetryQueue<T> {
  readonly #options: RetryQueueOptions<T>
  readonly #ready: Queued<T>[] = []
  /** What waits to be repeated, with what cancels that. */
  readonly #waiting = new Map<Queued<T>, () => void>()
  #sending = 0
  #held = false

  constructor(options: RetryQueueOptions<T>) {
    this.#options = options
  }

  push(item: T): void {
    this.#ready.push({ item, attempts: 0 })
    this.#options.tasks.after(0, () => this.#work())
  }

  /** Items that are neither acknowledged nor given up. */
  get size(): number {
    return this.#ready.length + this.#sending + this.#waiting.size
  }

  /** Takes out all items that are not being sent, and returns them: those that failed first, then those not tried yet. */
  clear(): T[] {
    for (const cancel of this.#waiting.values()) cancel()
    const taken = [...this.#waiting.keys(), ...this.#ready.splice(0)]
    this.#waiting.clear()
    this.#held = false
    return taken.map(({ item }) => item)
  }

  async #work(): Promise<void> {
    const { concurrency = 1, tasks } = this.#options
    while (this.#sending < concurrency && !this.#held && !tasks.closed) {
      const next = this.#ready.shift()
      if (next === undefined) return
      await this.#send(next)
    }
  }

  async #send(queued: Queued<T>): Promise<void> {
    queued.attempts++
    this.#sending++
    const acknowledged = await this.#options.send(queued.item, queued.attempts).finally(() => this.#sending--)
    if (acknowledged) this.#options.acknowledged?.(queued.item, queued.attempts)
    // Broken off with its sender, it is neither repeated nor given up.
    else if (this.#options.tasks.closed) this.#waiting.set(queued, () => {})
    else this.#retryLater(queued)
  }

  #retryLater(queued: Queued<T>): void {
    const { strict = false, tasks } = this.#options
    const delay = this.#delayAfter(queued.attempts)
    if (delay === undefined) {
      this.#options.gaveUp?.(queued.item, queued.attempts)
      return
    }
    this.#held = strict
    const cancel = tasks.after(delay, () => {
      this.#waiting.delete(queued)
      this.#held = false
      this.#ready.unshift(queued)
      return this.#work()
    })
    this.#waiting.set(queued, cancel)
  }

  #delayAfter(failures: number): number | undefined {
    const { delaysMs, endless = false } = this.#options
    return delaysMs[failures - 1] ?? (endless ? delaysMs.at(-1) : undefined)
  }
}
