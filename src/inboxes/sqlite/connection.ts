/** Keeps a thread on the file: waits for ownership, starts a dead thread again, and knows what is wrong. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TransferListItem } from 'node:worker_threads'
import type { InboxOpened, InboxOpening } from '../../core/ports.ts'
import { PosthornError } from '../../errors.ts'
import type { CallName, Calls, Held, OpenAnswer, OpenRequest, Settings } from './protocol.ts'
import { Thread } from './thread.ts'

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

type Owned = Extract<OpenAnswer, { readonly owned: false }>

const POLL_MS = 100
const TELL_AFTER_MS = 1_000
const PROBE_MS = 1_000
const RESTART_MS = [0, 100, 1_000, 5_000] as const

export class Connection {
  readonly #options: ConnectionOptions
  readonly #opening: InboxOpening
  #thread: Thread | null = null
  #identity: string | null = null
  #trouble: string | null = 'The inbox is not open yet.'
  #closing = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: ConnectionOptions, opening: InboxOpening) {
    this.#options = options
    this.#opening = opening
  }

  async open(): Promise<InboxOpened> {
    const thread = this.#start()
    try {
      const answer = await this.#waitForOwnership(thread)
      for (const warning of answer.warnings) this.#opening.logger.warn(this.#facts(), warning)
      this.#enter(thread, answer)
      return answer.opened
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

  /** Notes what keeps deliveries from being stored, and looks every second whether it is over. */
  report(trouble: string): void {
    if (this.#trouble === null) this.#opening.logger.error(this.#facts(), trouble)
    this.#trouble = trouble
    // Not put off by every further failure.
    if (this.#thread && this.#timer === undefined) this.#after(PROBE_MS, () => this.#probe())
  }

  /** Stops waiting for ownership and starting anew; calls still go through. */
  abandon(): void {
    this.#closing = true
  }

  async close(now: number): Promise<void> {
    this.#closing = true
    this.#trouble = 'The inbox is closed.'
    clearTimeout(this.#timer)
    const thread = this.#thread
    this.#thread = null
    if (!thread) return
    try {
      await thread.call('close', { now })
    } catch (error) {
      // Everything acknowledged is in the file or its log; the next owner reads both.
      this.#opening.logger.warn({ ...this.#facts(), error }, 'the inbox could not be closed in order')
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

  async #waitForOwnership(thread: Thread): Promise<Owned> {
    const start = performance.now()
    let told = false
    for (;;) {
      const answer = await thread.call('open', this.#request())
      if (!answer.owned) return answer
      const waitedMs = performance.now() - start
      if (this.#closing)
        throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox was closed while it waited for its file.')
      if (waitedMs >= this.#options.ownerWaitMs) throw this.#owned()
      if (!told && waitedMs >= TELL_AFTER_MS) {
        this.#opening.logger.warn(this.#facts(), 'the inbox is in use by another process; waiting for it to end')
        told = true
      }
      await sleep(Math.min(POLL_MS, this.#options.ownerWaitMs - waitedMs))
    }
  }

  #owned(): PosthornError {
    const { path } = this.#options.settings
    return new PosthornError(
      'ERR_INBOX_OWNED',
      `${path} is in use by another receiver. One process owns a SQLite inbox: stop the other one first (one replica, ` +
        'stop before start), or use PostgreSQL when several processes are to share an inbox.',
    )
  }

  #onEnd(thread: Thread, cause: Error | null): void {
    if (thread !== this.#thread) return
    this.#thread = null
    if (this.#closing) return
    this.#trouble = 'The thread of the inbox has ended and is being started again.'
    this.#opening.logger.error({ ...this.#facts(), cause: cause?.message ?? null }, this.#trouble)
    this.#restart(0)
  }

  #restart(attempt: number): void {
    const delay = RESTART_MS[Math.min(attempt, RESTART_MS.length - 1)]
    this.#after(delay ?? 0, async () => {
      const thread = this.#start()
      try {
        const answer = await thread.call('open', this.#request())
        if (this.#closing) return await thread.end()
        if (answer.owned) throw this.#owned()
        this.#enter(thread, answer)
        this.#options.onBack()
      } catch (error) {
        this.#trouble = error instanceof Error ? error.message : String(error)
        await thread.end()
        if (!this.#closing) this.#restart(attempt + 1)
      }
    })
  }

  async #probe(): Promise<void> {
    try {
      const { shortage } = await this.call('probe', null)
      if (this.#closing) return
      if (shortage !== null) return this.report(shortage)
      this.#trouble = null
      this.#options.onBack()
    } catch (error) {
      if (this.#thread && !this.#closing) this.report(error instanceof Error ? error.message : String(error))
    }
  }

  #after(ms: number, run: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      run()
    }, ms)
    this.#timer.unref()
  }

  #request(): OpenRequest {
    const { handlers, onRedelivery, clock } = this.#opening
    return { handlers, onRedelivery, now: clock.now(), held: this.#options.held(), identity: this.#identity }
  }

  #facts(): { readonly inbox: string; readonly path: string } {
    return { inbox: 'sqlite', path: this.#options.settings.path }
  }
}
