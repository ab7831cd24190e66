/**
 * Counts of requests by minute, kept in the inbox beside those of what it stores. Most of these requests leave nothing
 * there, and no answer waits for them: they are gathered here and stored once a minute, and when the receiver closes.
 */
import type { Clock } from '../../ports/clock.ts'
import type { LookPort, Observed } from '../../ports/inbox/look.ts'
import { ackBucketOf } from './ack-buckets.ts'
import type { Teller } from './teller.ts'

/** A crash loses what was counted for so long. */
const STORED_EVERY_MS = 60_000
const MINUTE_MS = 60_000
const NO_SOURCE = ''

type Count = { -readonly [K in keyof Observed]: Observed[K] }

export interface RequestTallyParts {
  readonly teller: Teller
  readonly clock: Clock
  readonly look: Pick<LookPort, 'observe'>
  /** Whether the inbox can be asked. */
  isOpen(): boolean
}

export class RequestTally {
  readonly #parts: RequestTallyParts
  #minute = 0
  /** Of this minute. */
  #counts = new Map<string, Map<string, Count>>()
  /** Those of earlier ones, too. */
  #unsaved: Count[] = []
  #cancel: (() => void) | null = null
  #storing: Promise<void> = Promise.resolve()
  #isOver = false

  constructor(parts: RequestTallyParts) {
    this.#parts = parts
    const turned = ({ source, reason }: { readonly source: string; readonly reason: string }) =>
      this.#add(source, `turned:${reason}`, 0)
    parts.teller.listen({
      stored: ({ source, ackMs }) => this.#add(source, `ack:${ackBucketOf(ackMs)}`, ackMs),
      refused: ({ source, code }) => this.#add(source ?? NO_SOURCE, `refused:${code}`, 0),
      turnedAway: turned,
      tokenRefused: turned,
      misaddressed: () => this.#add(NO_SOURCE, 'turned:unknown_source', 0),
    })
  }

  /** What is left is stored, or lost. The inbox is open. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#cancel?.()
    await this.#storing
    await this.#store()
  }

  #add(source: string, word: string, sum: number): void {
    const { clock } = this.#parts
    const at = clock.now()
    const minute = Math.floor(at / MINUTE_MS)
    if (minute !== this.#minute) this.#counts = new Map()
    this.#minute = minute
    const words = this.#counts.get(source) ?? new Map<string, Count>()
    this.#counts.set(source, words)
    const count = words.get(word)
    if (count === undefined) {
      const made = { at, source, word, n: 1, sum }
      words.set(word, made)
      this.#unsaved.push(made)
      this.#arm()
    } else {
      count.n++
      count.sum += sum
    }
  }

  #arm(): void {
    const { clock, isOpen } = this.#parts
    if (this.#isOver) return
    this.#cancel ??= clock.after(STORED_EVERY_MS, () => {
      this.#cancel = null
      if (isOpen()) this.#storing = this.#store()
      else this.#arm()
    })
  }

  async #store(): Promise<void> {
    const counts = this.#unsaved
    if (counts.length === 0) return
    this.#unsaved = []
    this.#counts = new Map()
    try {
      await this.#parts.look.observe(counts)
    } catch {
      // Nobody knows whether a commit that failed is there: counted twice is better than a trouble that nobody sees.
      this.#unsaved = [...counts, ...this.#unsaved]
      this.#arm()
    }
  }
}
