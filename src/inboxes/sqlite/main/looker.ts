/**
 * Who looks does not stand in front of who stores: what only reads is read by a thread of its own, beside the owner's. It
 * is started by the first look, and ends when nobody has looked for a minute. Each look opens the file for itself and holds
 * nothing between two, so that the log of SQLite can always start over; it never brings that log into the file.
 */
import type { Clock } from '../../../ports/clock.ts'
import type { CallName, Calls } from '../wire/calls.ts'
import type { Settings } from '../wire/protocol.ts'
import { Thread } from './thread.ts'

const IDLE_MS = 60_000

/** What is in the file when it resolves; counts of `stats` are at hand in the thread of the owner. */
const LOOKS = ['read', 'find', 'deliveries', 'deadLetters', 'quarantine', 'history', 'progress', 'tallies'] as const
const MORE = ['seen', 'actions', 'handlers'] as const

const all: ReadonlySet<CallName> = new Set<CallName>([...LOOKS, ...MORE])

export const isLook = (name: CallName): boolean => all.has(name)

export class Looker {
  readonly #settings: Settings
  readonly #clock: Clock
  #thread: { readonly thread: Thread; readonly ready: Promise<unknown> } | null = null
  #lastAt = 0
  #cancel: () => void = () => {}

  constructor({ path, minFreeBytes, maxPages }: Settings, clock: Clock) {
    this.#settings = { path, minFreeBytes, maxPages }
    this.#clock = clock
  }

  async call<K extends CallName>(name: K, request: Calls[K][0]): Promise<Calls[K][1]> {
    this.#lastAt = this.#clock.steady()
    const { thread, ready } = this.#started()
    await ready
    return thread.call(name, request)
  }

  async end(): Promise<void> {
    this.#cancel()
    const started = this.#thread
    this.#thread = null
    await started?.thread.end()
  }

  #started() {
    if (this.#thread !== null) return this.#thread
    const thread = new Thread(this.#settings, (ended) => {
      if (this.#thread?.thread === ended) this.#thread = null
    })
    this.#thread = { thread, ready: thread.call('look', { now: this.#clock.now(), isBeside: true }) }
    this.#endWhenIdle(IDLE_MS)
    return this.#thread
  }

  #endWhenIdle(afterMs: number): void {
    this.#cancel = this.#clock.after(afterMs, () => {
      const left = this.#lastAt + IDLE_MS - this.#clock.steady()
      if (left > 0) this.#endWhenIdle(left)
      else void this.end()
    })
  }
}
