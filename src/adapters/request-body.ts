/** The body of a Node request as core reads it: it may stop early, and the request can still be answered. */
import type { IncomingMessage } from 'node:http'
import type { NeutralRequest } from '../core/ports.ts'
import { PosthornError } from '../errors.ts'
import { firstHeader } from '../lib/headers.ts'

/**
 * The body as it can be had: null when there is none, a stream when nobody has touched it, the bytes a parser before us
 * has kept (`rawBody`, or `body` of `express.raw()`), else `'consumed'`. Reads nothing yet.
 */
export function bodyOf(req: IncomingMessage): NeutralRequest['body'] {
  if (!announcesBody(req)) return null
  const touched = req.readableDidRead || req.readableEnded || req.readableEncoding !== null
  if (!touched) return new RequestBody(req)
  if (req.readableEnded && !req.readableDidRead) return null
  return keptBytes(req) ?? 'consumed'
}

/**
 * Whether a body was announced (RFC 9112 section 6.3); HTTP/2 need not announce one. From the raw list: Node makes
 * `req.headers` when it is asked for them, and nothing else here does.
 */
export function announcesBody({ rawHeaders, httpVersionMajor }: IncomingMessage): boolean {
  const length = firstHeader(rawHeaders, 'content-length')
  if (length === null ? httpVersionMajor > 1 : Number(length) !== 0) return true
  return firstHeader(rawHeaders, 'transfer-encoding') !== null
}

/** Only bytes: text or an object made of them cannot be turned back into what was sent. */
function keptBytes(req: IncomingMessage & { rawBody?: unknown; body?: unknown }): Uint8Array | null {
  if (req.rawBody instanceof Uint8Array) return req.rawBody
  return req.body instanceof Uint8Array ? req.body : null
}

/** Chunks that wait in memory before the socket is asked to wait, in bytes. */
const AHEAD_BYTES = 128 * 1024

/**
 * Iterates over the chunks as they come. The request's own iterator destroys the socket when the loop is left early,
 * and with it the answer; this one leaves the request paused.
 */
class RequestBody implements AsyncIterableIterator<Uint8Array> {
  readonly #req: IncomingMessage
  readonly #ready: Uint8Array[] = []
  #readyBytes = 0
  #state: 'untouched' | 'reading' | 'ended' | 'aborted' = 'untouched'
  #cause: unknown
  #waiting: Waiting | null = null

  constructor(req: IncomingMessage) {
    this.#req = req
    // Somebody has set the stream in motion in this very tick: what it brings from now on must not be missed.
    if (req.readableFlowing === true) this.#begin()
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
    this.#end('ended')
    this.#req.pause()
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
    if (this.#waiting !== null) {
      this.#waiting.resolve({ done: false, value })
      this.#waiting = null
      return
    }
    this.#ready.push(value)
    this.#readyBytes += value.length
    if (this.#readyBytes >= AHEAD_BYTES) this.#req.pause()
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
    this.#waiting = null
    if (this.#state === 'aborted') waiting?.reject(aborted(this.#cause))
    else waiting?.resolve(DONE)
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
