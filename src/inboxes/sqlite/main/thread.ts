/** The main thread's end of the thread of the file: calls with answers, and what happens when it dies. */
import type { TransferListItem, Worker } from 'node:worker_threads'
import { PosthornError } from '../../../errors.ts'
import { startThread } from '../../../lib/thread-code.ts'
import type { CallName, Calls, FromThread, ToThread } from '../wire/calls.ts'
import { toError } from '../wire/failure.ts'
import type { Settings } from '../wire/protocol.ts'
import { INBOX_THREAD } from './inbox-thread.ts'

interface Waiter {
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** What it allocates is short-lived and small: without a limit V8 gives each thread up to 48 MB for that. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 }

export class Thread {
  readonly worker: Worker
  readonly #waiting = new Map<number, Waiter>()
  #calls = 0
  #ended = false

  /** `onEnd` is called once when the thread has ended, whoever ended it, after its waiters were rejected. */
  constructor(settings: Settings, onEnd: (thread: Thread, cause: Error | null) => void) {
    const options = { workerData: settings, name: 'posthorn-sqlite', resourceLimits }
    this.worker = startThread(INBOX_THREAD, options)
    let cause: Error | null = null
    this.worker.on('error', (error) => {
      cause = error instanceof Error ? error : new Error(String(error))
    })
    this.worker.on('message', (message: FromThread) => this.#take(message))
    this.worker.on('exit', () => {
      this.#ended = true
      this.#rejectAll(cause)
      onEnd(this, cause)
    })
  }

  /** Rejects with the coded error of the thread, or with ERR_INBOX_IO when it ends before it answers. */
  call<K extends CallName>(name: K, request: Calls[K][0], transfer: TransferListItem[] = []): Promise<Calls[K][1]> {
    const id = ++this.#calls
    return new Promise((resolve, reject) => {
      if (this.#ended) throw endedEarly(null)
      // The parameter pairs them; the union of pairs is too much for inference.
      this.worker.postMessage({ id, name, request } as ToThread, transfer)
      if (this.#waiting.size === 0) this.worker.ref()
      this.#waiting.set(id, { resolve, reject })
    })
  }

  /** Resolves when the thread is gone. */
  async end(): Promise<void> {
    await this.worker.terminate()
  }

  #take(message: FromThread): void {
    const waiter = this.#waiting.get(message.id)
    if (!waiter) return
    this.#waiting.delete(message.id)
    // An idle inbox does not keep the process alive: nothing is lost when it ends. A call under way does.
    if (this.#waiting.size === 0) this.worker.unref()
    if ('failure' in message) waiter.reject(toError(message.failure))
    else waiter.resolve(message.value as never)
  }

  #rejectAll(cause: Error | null): void {
    for (const waiter of this.#waiting.values()) waiter.reject(endedEarly(cause))
    this.#waiting.clear()
  }
}

function endedEarly(cause: Error | null): PosthornError {
  const why = cause === null ? '' : `: ${cause.message}`
  return new PosthornError('ERR_INBOX_IO', `The thread of the inbox has ended before it answered${why}.`, { cause })
}
