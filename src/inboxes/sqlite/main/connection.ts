/** Keeps a thread on the file: waits for ownership, starts a dead thread again, and knows what is wrong. */
import type { TransferListItem } from 'node:worker_threads'
import { PosthornError } from '../../../errors.ts'
import { codeOf } from '../../../lib/code-of.ts'
import { toldOf } from '../../../lib/told-error.ts'
import type { InboxOpening } from '../../../ports/inbox/opening.ts'
import type { LogEvent } from '../../../types.ts'
import type { CallName, Calls } from '../wire/calls.ts'
import type { Held, Identity, OpenRequest, Settings } from '../wire/protocol.ts'
import { noteClosing, noteOpen } from './open-files.ts'
import { Thread } from './thread.ts'
import { type Owned, ownedByAnother, type Waiting, waitForOwnership } from './wait-for-ownership.ts'

export interface ConnectionOptions {
  readonly settings: Settings
  readonly ownerWaitMs: number
  /** What this process works on, for a thread that is started again. */
  readonly held: () => readonly Held[]
  /** The store works again: there may be work. */
  readonly onBack: () => void
  /** A thread was started. */
  readonly onThread: (thread: Thread) => void
}

/** Soon, since many a failure is over at once; then every second. */
const FIRST_PROBE_MS = 100
const PROBE_MS = 1_000
const RESTART_MS = [0, 100, 1_000, 5_000] as const

export class Connection {
  readonly #options: ConnectionOptions
  readonly #opening: InboxOpening
  #thread: Thread | null = null
  #identity: Identity | null = null
  #trouble: string | null = 'The inbox is not open yet.'
  /** When the trouble began that was told; null: there is none. */
  #since: number | null = null
  #closing = false
  #timer: NodeJS.Timeout | undefined
  /** What the timer started; never rejects. */
  #background: Promise<void> | null = null

  constructor(options: ConnectionOptions, opening: InboxOpening) {
    this.#options = options
    this.#opening = opening
  }

  async open(): Promise<Owned> {
    const thread = this.#start()
    try {
      const answer = await waitForOwnership(thread, this.#request(), this.#waiting())
      for (const warning of answer.warnings) this.#opening.logger.warn(this.#facts('inbox.opened'), warning)
      this.#enter(thread, answer)
      noteOpen(this.#options.settings.path)
      return answer
    } catch (error) {
      await thread.end()
      throw error
    }
  }

  async call<K extends CallName>(name: K, request: Calls[K][0], transfer?: TransferListItem[]): Promise<Calls[K][1]> {
    if (!this.#thread) throw this.#unavailable()
    return this.#thread.call(name, request, transfer)
  }

  trouble(): string | null {
    return this.#trouble
  }

  /** Notes what keeps deliveries from being stored, and looks again and again whether it is over. */
  report(trouble: string): void {
    const first = this.#trouble === null
    if (first) this.#tell(trouble)
    this.#trouble = trouble
    // Not put off by every further failure.
    if (this.#thread && this.#timer === undefined) this.#after(first ? FIRST_PROBE_MS : PROBE_MS, () => this.#probe())
  }

  /** Stops waiting for ownership and starting anew; calls still go through. */
  abandon(): void {
    this.#closing = true
    if (this.#identity !== null) noteClosing(this.#options.settings.path)
  }

  async close(now: number): Promise<void> {
    this.#closing = true
    this.#trouble = 'The inbox is closed.'
    clearTimeout(this.#timer)
    await this.#background
    const thread = this.#thread
    this.#thread = null
    if (!thread) return
    try {
      await thread.call('close', { now })
    } catch (error) {
      // Everything acknowledged is in the file or its log; the next owner reads both.
      this.#opening.logger.warn(
        { ...this.#facts('inbox.close_failed'), ...toldOf(error) },
        'the inbox could not be closed in order',
      )
    }
    await thread.end()
  }

  #unavailable(): PosthornError {
    const closed = this.#identity === null || this.#closing
    return new PosthornError(
      closed ? 'ERR_INBOX_CLOSED' : 'ERR_INBOX_IO',
      this.#trouble ?? 'The inbox is being closed.',
    )
  }

  #start(): Thread {
    const thread = new Thread(this.#options.settings, (ended, cause) => this.#onEnd(ended, cause))
    this.#options.onThread(thread)
    return thread
  }

  #enter(thread: Thread, { identity, shortage }: Owned): void {
    this.#thread = thread
    this.#identity = identity
    this.#trouble = null
    if (shortage !== null) this.report(shortage)
  }

  #onEnd(thread: Thread, cause: Error | null): void {
    if (thread !== this.#thread) return
    this.#thread = null
    if (this.#closing) return
    this.#trouble = 'The thread of the inbox has ended and is being started again.'
    const { frames } = toldOf(cause)
    this.#tell(this.#trouble, { cause: cause?.message ?? null, ...(frames === undefined ? {} : { frames }) })
    this.#restart(0)
  }

  #restart(attempt: number): void {
    const delay = RESTART_MS[Math.min(attempt, RESTART_MS.length - 1)]
    this.#after(delay ?? 0, async () => {
      try {
        await this.#startAgain()
      } catch (error) {
        this.#trouble = error instanceof Error ? error.message : String(error)
        if (this.#closing) return
        // What this process worked on the other one has taken up: it is not to go on when that one ends.
        if (codeOf(error) === 'ERR_INBOX_OWNED') this.#tell(this.#trouble)
        else this.#restart(attempt + 1)
      }
    })
  }

  async #startAgain(): Promise<void> {
    const thread = this.#start()
    try {
      const answer = await thread.call('open', this.#request())
      if (answer.owned) throw ownedByAnother(this.#options.settings.path)
      if (this.#closing) return await thread.end()
      this.#tellOver()
      this.#enter(thread, answer)
    } catch (error) {
      await thread.end()
      throw error
    }
    this.#options.onBack()
  }

  #tell(trouble: string, more: object = {}): void {
    this.#since ??= this.#opening.clock.steady()
    this.#opening.logger.error({ ...this.#facts('inbox.trouble'), ...more }, trouble)
  }

  /** Trouble that was told is told to be over. */
  #tellOver(): void {
    this.#trouble = null
    if (this.#since === null) return
    const troubleMs = Math.round(this.#opening.clock.steady() - this.#since)
    this.#since = null
    const facts = { ...this.#facts('inbox.recovered'), troubleMs }
    this.#opening.logger.warn(facts, 'the inbox works again: deliveries are stored')
  }

  async #probe(): Promise<void> {
    try {
      const { shortage } = await this.call('probe', null)
      if (this.#closing) return
      if (shortage !== null) return this.report(shortage)
      this.#tellOver()
      this.#options.onBack()
    } catch (error) {
      if (this.#thread && !this.#closing) this.report(error instanceof Error ? error.message : String(error))
    }
  }

  #after(ms: number, run: () => Promise<void>): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#background = run()
    }, ms)
    this.#timer.unref()
  }

  #waiting(): Waiting {
    const { settings, ownerWaitMs } = this.#options
    return { path: settings.path, ownerWaitMs, logger: this.#opening.logger, isOver: () => this.#closing }
  }

  #request(): OpenRequest {
    const { handlers, onRedelivery, retention, clock } = this.#opening
    const now = Math.trunc(clock.now())
    return { handlers, onRedelivery, retention, now, held: this.#options.held(), identity: this.#identity }
  }

  #facts<E extends LogEvent>(event: E) {
    return { event, inbox: 'sqlite', path: this.#options.settings.path } as const
  }
}
