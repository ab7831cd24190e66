/** One call of one handler: its context, and what came of it. */
import { type ErrorCode, PosthornError } from '../../errors.ts'
import { thrown } from '../../lib/thrown.ts'
import type { HandlerContext } from '../../public/handlers.ts'

/** `returned`: the attempt does not count, because the receiver had to stop. */
export type Outcome =
  | { readonly end: 'done'; readonly value: unknown }
  | { readonly end: 'failed'; readonly error: unknown }
  | { readonly end: 'returned' }

export const RETURNED: Outcome = { end: 'returned' }

export type Ended = (outcome: Outcome, attempt: Attempt) => void

/** A call under way. The signal is made when it is looked at: most handlers never do. */
export class Attempt implements HandlerContext {
  readonly attempt: number
  readonly handler: string
  readonly startedAt: number
  #ended: Ended | null
  readonly outOfOrder: boolean
  /** Its neighbours in the list of those under way (`time-limit.ts`). */
  before: Attempt | null = null
  after: Attempt | null = null
  /** Told how it ended, beside `ended`. */
  watcher: ((outcome: Outcome) => void) | null = null
  #controller: AbortController | null = null
  #aborted: unknown = null
  /** The receiver stops: a failure from now on is its doing, not the handler's. */
  #stopped = false
  readonly events: number
  /** Events whose deliveries still wait for the call to go on, and for its result. */
  #goingOn: number
  #wanted: number

  /** For so many `events`. `ended` is called exactly once, possibly before `run` returns. */
  constructor(attempt: number, handler: string, startedAt: number, ended: Ended, outOfOrder = false, events = 1) {
    this.attempt = attempt
    this.handler = handler
    this.startedAt = startedAt
    this.outOfOrder = outOfOrder
    this.#ended = ended
    this.events = this.#goingOn = this.#wanted = events
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#aborted !== null) this.#controller.abort(this.#aborted)
    return this.#controller.signal
  }

  get isOver(): boolean {
    return this.#ended === null
  }

  /** One of its events is to be left for later. The call stops with the last: the others' senders may be waiting. */
  stopOne(): void {
    if (--this.#goingOn === 0) this.#stop('ERR_REQUEST_OVER', 'the request is over: its sender has left, or its time')
  }

  /** One of its events is given up; with the last the call is. */
  abandonOne(): void {
    if (--this.#wanted === 0) this.abandon()
  }

  stop(): void {
    this.#stop('ERR_RECEIVER_CLOSED', 'the receiver is closing')
  }

  /** Ends the attempt from outside; what the handler says later is dropped. */
  abandon(): void {
    this.#end(RETURNED)
  }

  /** The handler had its time. */
  expire(timeoutMs: number): void {
    const message = `handler "${this.handler}" took longer than ${timeoutMs} ms`
    const late = new PosthornError('ERR_HANDLER_TIMEOUT', message)
    this.#abort(late)
    this.#end({ end: 'failed', error: late })
  }

  /** Calls the handler with what it is called for, and waits for it where it returns a promise. */
  run<T>(call: (subject: T, context: HandlerContext) => unknown, subject: T): void {
    try {
      const value = call(subject, this)
      // In here because looking at a value can throw too.
      if (typeof (value as { then?: unknown } | null)?.then !== 'function') this.#end({ end: 'done', value })
      else this.#await(value as PromiseLike<unknown>)
    } catch (error) {
      this.#fail(error)
    }
  }

  #stop(code: ErrorCode, message: string): void {
    this.#stopped = true
    this.#abort(new PosthornError(code, message))
  }

  #await(value: PromiseLike<unknown>): void {
    Promise.resolve(value).then(
      (result) => this.#end({ end: 'done', value: result }),
      (error: unknown) => this.#fail(error),
    )
  }

  #fail(error: unknown): void {
    this.#end(this.#stopped ? RETURNED : { end: 'failed', error: thrown(error) })
  }

  #abort(reason: unknown): void {
    this.#aborted = reason
    this.#controller?.abort(reason)
  }

  #end(outcome: Outcome): void {
    const ended = this.#ended
    this.#ended = null
    if (ended === null) return
    this.watcher?.(outcome)
    ended(outcome, this)
  }
}
