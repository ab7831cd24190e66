/** One inbox of several, in its place. */
import { PosthornError } from '../../errors.ts'
import { codeOf } from '../../lib/code-of.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { InboxOpened, InboxOpening } from '../../ports/inbox/opening.ts'

/**
 * A shard that has not answered for so long gets nothing more to store until it does: what it holds is in memory. Longer than
 * a sender is let wait by default (`limits.acceptMs`).
 */
export const HANGS_MS = 5_000
/** Counts go on without a shard that has not answered in this time, and so does each look without one that is known to be away. */
export const LOOK_MS = 1_000
/** Other looks: a large database takes its time. */
export const LONGEST_MS = 10_000

export class Shard {
  readonly place: number
  readonly port: InboxPort
  /** Open, and found to be the shard of this place. */
  isUp = false
  #opening: InboxOpening | null = null
  #fault: unknown = null
  #wasTold = false
  #failedAt = 0
  /** When it has answered last. */
  #storedAt = Number.NEGATIVE_INFINITY
  /** When each was handed in that is not answered, oldest first. */
  readonly #accepting = new Set<{ readonly since: number }>()

  constructor(place: number, port: InboxPort) {
    this.place = place
    this.port = port
  }

  /** null: it cannot be reached now. Rejects where it never would be opened. */
  async open(opening: InboxOpening): Promise<InboxOpened | null> {
    this.#opening = opening
    try {
      return await this.port.open(opening)
    } catch (error) {
      if (codeOf(error) !== 'ERR_INBOX_IO') throw error
      this.failed(error)
      return null
    }
  }

  async close(): Promise<void> {
    this.isUp = false
    await this.port.close()
  }

  /** @throws ERR_INBOX_IO */
  get now(): InboxPort {
    if (this.isUp) return this.port
    throw new PosthornError('ERR_INBOX_IO', `Shard ${this.place} is not open.`, { cause: this.#fault })
  }

  get trouble(): string | null {
    return this.isUp ? this.port.intake.trouble() : `Shard ${this.place} is not open.`
  }

  /** It is away, as far as is known. */
  get isDoubted(): boolean {
    return this.#wasTold || this.trouble !== null
  }

  /** Its deliveries alone are refused; others are told of it once. */
  failed(error: unknown): void {
    this.#fault = error
    this.#failedAt = this.#opening?.clock.steady() ?? 0
    if (this.#wasTold || this.#opening === null) return
    this.#wasTold = true
    const why = error instanceof Error ? `: ${error.message}` : ''
    const facts = { event: 'inbox.shard_down', shard: this.place, code: codeOf(error) } as const
    this.#opening.logger.error(facts, `shard ${this.place} does not answer${why}`)
  }

  /** Told when nothing has failed for a while: one with a full disk can be read, and stores nothing. */
  answered(): void {
    if (!this.#wasTold || this.trouble !== null) return
    if ((this.#opening?.clock.steady() ?? 0) - this.#failedAt < HANGS_MS) return
    this.#wasTold = false
    this.#opening?.logger.info({ event: 'inbox.shard_up', shard: this.place }, `shard ${this.place} answers again`)
  }

  /** Asks it, and remembers whether it answers. */
  async ask<T>(what: (port: InboxPort) => Promise<T>): Promise<T> {
    try {
      const answer = await what(this.now)
      this.answered()
      return answer
    } catch (error) {
      if (codeOf(error) === 'ERR_INBOX_IO') this.failed(error)
      throw error
    }
  }

  /** As `ask`; rejects where it has not answered in the time. */
  async askWithin<T>(ms: number, what: (port: InboxPort) => Promise<T>): Promise<T> {
    let cancel = () => {}
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new PosthornError('ERR_INBOX_IO', `Shard ${this.place} has not answered in ${ms} ms.`))
      cancel = this.#opening?.clock.after(ms, fail) ?? cancel
    })
    try {
      return await this.ask((port) => Promise.race([what(port), late]))
    } finally {
      cancel()
    }
  }

  /** As `ask`; one that is known to be away has less time to answer. */
  askSoon<T>(what: (port: InboxPort) => Promise<T>): Promise<T> {
    return this.askWithin(this.isDoubted ? LOOK_MS : LONGEST_MS, what)
  }

  /** As `ask`, for what is to be stored. */
  async store<T>(what: (port: InboxPort) => Promise<T>): Promise<T> {
    const now = this.#opening?.clock.steady() ?? 0
    const [oldest] = this.#accepting
    if (oldest !== undefined && now - Math.max(oldest.since, this.#storedAt) > HANGS_MS)
      throw new PosthornError('ERR_INBOX_IO', `Shard ${this.place} hangs.`)
    const one = { since: now }
    this.#accepting.add(one)
    try {
      return await this.ask(what)
    } finally {
      this.#accepting.delete(one)
      this.#storedAt = this.#opening?.clock.steady() ?? now
    }
  }
}
