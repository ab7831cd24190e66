/** The body of a Node request as core reads it: it may stop early, and the request can still be answered. */
import type { IncomingMessage } from 'node:http'
import { PosthornError } from '../errors.ts'
import type { Flow, Sink } from '../lib/flow.ts'

/** Chunks that wait in memory before the socket is asked to wait, in bytes. */
const AHEAD_BYTES = 128 * 1024

/**
 * Hands over the chunks as they come, or iterates over them. The request's own iterator destroys the socket when the
 * loop is left early, and with it the answer; this one leaves the request paused.
 */
export class RequestStream implements AsyncIterableIterator<Uint8Array>, Flow {
  readonly #req: IncomingMessage
  readonly #ready: Uint8Array[] = []
  #readyBytes = 0
  #state: 'untouched' | 'reading' | 'ended' | 'aborted' = 'untouched'
  #cause: unknown
  #waiting: Waiting | null = null
  #sink: Sink | null = null

  constructor(req: IncomingMessage) {
    this.#req = req
    // Somebody has set the stream in motion in this very tick: what it brings from now on must not be missed.
    if (req.readableFlowing === true) this.#begin()
  }

  flowInto(sink: Sink): void {
    this.#sink = sink
    for (const chunk of this.#ready) this.#hand(sink, chunk)
    this.#ready.length = 0
    if (this.#state === 'untouched') this.#begin()
    if (this.#state === 'aborted') sink.fail(aborted(this.#cause))
    else if (this.#state === 'ended') sink.end()
    else if (this.#req.isPaused()) this.#req.resume()
  }

  stop(): void {
    this.#sink = null
    this.#end('ended')
    this.#req.pause()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Next> {
    if (this.#state === 'untouched') this.#begin()
    const value = this.#ready.shift()
    if (value !== undefined) {
      this.#readyBytes -= value.length
      return Promise.resolve({ done: false, value })
    }
    if (this.#state === 'aborted') return Promise.reject(aborted(this.#cause))
    if (this.#state === 'ended') return Promise.resolve(DONE)
    if (this.#req.isPaused()) this.#req.resume()
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  return(): Promise<Next> {
    this.stop()
    return Promise.resolve(DONE)
  }

  #begin(): void {
    const req = this.#req
    if (req.readableDidRead || req.destroyed) {
      this.#state = 'aborted'
      return
    }
    this.#state = 'reading'
    // The first listener for data sets the stream in motion.
    req.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    if (req.readableFlowing === false) req.resume()
  }

  readonly #onData = (value: Uint8Array): void => {
    if (this.#state !== 'reading') return
    if (this.#sink !== null) {
      this.#hand(this.#sink, value)
      return
    }
    if (this.#waiting !== null) {
      this.#waiting.resolve({ done: false, value })
      this.#waiting = null
      return
    }
    this.#ready.push(value)
    this.#readyBytes += value.length
    if (this.#readyBytes >= AHEAD_BYTES) this.#req.pause()
  }

  #hand(sink: Sink, chunk: Uint8Array): void {
    if (!sink.add(chunk)) this.stop()
  }

  readonly #onEnd = (): void => this.#end('ended')

  readonly #onError = (error: unknown): void => {
    this.#cause = error
    this.#end('aborted')
  }

  /** Comes after every end, and alone when the request is destroyed without a reason. */
  readonly #onClose = (): void => this.#end('aborted')

  /** The listeners stay: taking them off costs more than the request has left to say. */
  #end(state: 'ended' | 'aborted'): void {
    if (this.#state === 'reading') this.#state = state
    const waiting = this.#waiting
    const sink = this.#sink
    this.#waiting = null
    this.#sink = null
    if (this.#state === 'ended') {
      sink?.end()
      waiting?.resolve(DONE)
    } else if (sink !== null || waiting !== null) {
      const error = aborted(this.#cause)
      sink?.fail(error)
      waiting?.reject(error)
    }
  }
}

type Next = IteratorResult<Uint8Array, undefined>

interface Waiting {
  readonly resolve: (next: Next) => void
  readonly reject: (error: PosthornError) => void
}

const DONE: Next = { done: true, value: undefined }

function aborted(cause: unknown): PosthornError {
  return new PosthornError('ERR_BODY_ABORTED', 'the sender left before its body was complete', { cause })
}
