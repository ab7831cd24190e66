/** One call of one handler: its context, its time limit, and what came of it. */
import { PosthornError } from '../errors.ts'
import type { Context, HandlerSpec } from './handlers.ts'
import type { Clock } from './ports.ts'

/** `returned`: the attempt does not count, because the receiver had to stop. */
export type Outcome =
  | { readonly end: 'done'; readonly value: unknown }
  | { readonly end: 'failed'; readonly error: unknown }
  | { readonly end: 'returned' }

export const RETURNED: Outcome = { end: 'returned' }

/** A call under way. The signal is made when it is looked at: most handlers never do. */
export class Attempt implements Context {
  readonly attempt: number
  readonly handler: string
  readonly outOfOrder: boolean
  #controller: AbortController | null = null
  #aborted: unknown = null
  /** The receiver stops: a failure from now on is its doing, not the handler's. */
  stopped = false
  /** Ends the attempt from outside; what the handler says later is dropped. */
  abandon: () => void = () => {}

  constructor(attempt: number, handler: string, outOfOrder: boolean) {
    this.attempt = attempt
    this.handler = handler
    this.outOfOrder = outOfOrder
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#aborted !== null) this.#controller.abort(this.#aborted)
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#aborted = reason
    this.#controller?.abort(reason)
  }

  stop(): void {
    this.stopped = true
    this.abort(new PosthornError('ERR_RECEIVER_CLOSED', 'the receiver is closing'))
  }

  /** Runs the handler; resolves in time, whatever the handler does. A handler that returns at once costs no timer. */
  run(spec: HandlerSpec, clock: Clock, call: (context: Context) => unknown): Outcome | Promise<Outcome> {
    let value: unknown
    let promise: Promise<unknown> | null
    try {
      value = call(this)
      // In here because looking at a value can throw too.
      promise = typeof (value as { then?: unknown } | null)?.then === 'function' ? Promise.resolve(value) : null
    } catch (error) {
      return this.#failed(error)
    }
    return promise === null ? { end: 'done', value } : this.#settled(spec, clock, promise)
  }

  #failed(error: unknown): Outcome {
    return this.stopped ? RETURNED : { end: 'failed', error }
  }

  #settled(spec: HandlerSpec, clock: Clock, value: Promise<unknown>): Promise<Outcome> {
    return new Promise((resolve) => {
      const end = (outcome: Outcome) => {
        cancel()
        resolve(outcome)
      }
      const cancel = clock.after(spec.timeoutMs, () => {
        const message = `handler "${spec.name}" took longer than ${spec.timeoutMs} ms`
        const late = new PosthornError('ERR_HANDLER_TIMEOUT', message)
        this.abort(late)
        end({ end: 'failed', error: late })
      })
      this.abandon = () => end(RETURNED)
      value.then(
        (result) => end({ end: 'done', value: result }),
        (error: unknown) => end(this.#failed(error)),
      )
    })
  }
}
