/**
 * The inbox beside its owner: looks into the file, and leaves what it wishes to change to the owner; where there is
 * none, its thread becomes the owner for that moment.
 */

import { PosthornError } from '../../../errors.ts'
import type { InboxOpened, InboxOpening } from '../../../ports/inbox/opening.ts'
import type { CallName, Calls } from '../wire/calls.ts'
import { toError } from '../wire/failure.ts'
import type { FileAnswer, FileAnswerTo, FileCommand, ItemAnswer, Settings } from '../wire/protocol.ts'
import { Thread } from './thread.ts'

/** How often the result of a wish is asked for. */
const POLL_MS = 100
/** How often it is seen whether the owner is still there, in polls. */
const OWNER_POLLS = 10
/** An owner that has not answered by then is not going to, in ms. */
const PATIENCE_MS = 30_000

export class Control {
  readonly #opening: InboxOpening
  readonly #path: string
  readonly #thread: Thread
  #closed = false
  #backlogBytes = 0

  constructor(settings: Settings, opening: InboxOpening) {
    const { path, minFreeBytes, maxPages } = settings
    this.#opening = opening
    this.#path = path
    this.#thread = new Thread({ path, minFreeBytes, maxPages }, () => {})
  }

  async open(): Promise<InboxOpened> {
    try {
      const { stats, warnings } = await this.#thread.call('look', { now: this.#now() })
      for (const warning of warnings)
        this.#opening.logger.warn({ event: 'inbox.opened', inbox: 'sqlite', path: this.#path }, warning)
      this.#backlogBytes = stats.pendingBytes
      return { stats, newHandlers: [] }
    } catch (error) {
      await this.#thread.end()
      throw error
    }
  }

  async call<K extends CallName>(name: K, request: Calls[K][0]): Promise<Calls[K][1]> {
    if (this.#closed) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is closed.')
    return this.#thread.call(name, request)
  }

  backlogBytes(): number {
    return this.#backlogBytes
  }

  trouble(): string {
    return 'The inbox is open for control: it takes no deliveries.'
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#thread.end()
  }

  async command<C extends FileCommand>(command: C): Promise<FileAnswerTo<C>> {
    const start = this.#now()
    const id = await this.call('wish', { now: start, command })
    for (let polls = 0; ; polls++) {
      if (polls % OWNER_POLLS === 0) await this.call('fulfil', { now: this.#now(), retention: this.#opening.retention })
      const result = await this.call('result', id)
      // The owner answers each wish as its kind says, which no type follows through the file.
      if (result !== null) return unpack(result) as FileAnswerTo<C>
      if (this.#now() - start >= PATIENCE_MS && (await this.call('withdraw', id))) throw noAnswer()
      await new Promise<void>((resolve) => void this.#opening.clock.after(POLL_MS, resolve))
    }
  }

  #now(): number {
    return this.#opening.clock.now()
  }
}

function unpack(answer: ItemAnswer<FileAnswer>): FileAnswer {
  if ('failure' in answer) throw toError(answer.failure)
  return answer.value
}

function noAnswer(): PosthornError {
  return new PosthornError(
    'ERR_INBOX_IO',
    `The owner of the inbox has not answered for ${PATIENCE_MS / 1_000} s; nothing was changed.`,
  )
}
