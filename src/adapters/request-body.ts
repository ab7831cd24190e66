/** The body of a Node request as core reads it: it may stop early, and the request can still be answered. */
import type { IncomingMessage } from 'node:http'
import type { NeutralRequest } from '../core/ports.ts'
import { PosthornError } from '../errors.ts'

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

/** Whether a body was announced (RFC 9112 section 6.3); HTTP/2 need not announce one. */
export function announcesBody(req: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers
  return coding !== undefined || (length === undefined ? req.httpVersionMajor > 1 : Number(length) !== 0)
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
  #wake: (() => void) | null = null

  constructor(req: IncomingMessage) {
    this.#req = req
    // Somebody has set the stream in motion in this very tick: what it brings from now on must not be missed.
    if (req.readableFlowing === true) this.#begin()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#state === 'untouched') this.#begin()
    if (this.#ready.length === 0 && this.#state === 'reading') await this.#more()
    const value = this.#ready.shift()
    if (value !== undefined) {
      this.#readyBytes -= value.length
      return { done: false, value }
    }
    if (this.#state === 'aborted') throw aborted(this.#cause)
    return DONE
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#end('ended')
    this.#req.pause()
    return DONE
  }

  #begin(): void {
    const req = this.#req
    if (req.readableDidRead || req.destroyed) {
      this.#state = 'aborted'
      return
    }
    this.#state = 'reading'
    req.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    req.resume()
  }

  #more(): Promise<void> {
    this.#req.resume()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (this.#state !== 'reading') return
    this.#ready.push(chunk)
    this.#readyBytes += chunk.length
    if (this.#readyBytes >= AHEAD_BYTES) this.#req.pause()
    this.#wakeUp()
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
    this.#wakeUp()
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = null
  }
}

const DONE: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined }

function aborted(cause: unknown): PosthornError {
  return new PosthornError('ERR_BODY_ABORTED', 'the sender left before its body was complete', { cause })
}
