/** A fetch `Request` put through a receiver. */
import { AsyncResource } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import { PosthornError } from '../../errors.ts'
import { whenLeft } from '../../http/left.ts'
import { LINGER_BYTES, LINGER_MS } from '../../http/linger.ts'
import type { HostDoor, Mount, NeutralRequest, NeutralResponse } from '../../ports/host.ts'

/**
 * The answer to one request. Never rejects, as `take` does not. The headers of a fetch request are joined where they
 * repeat, so a credential sent twice is one wrong credential.
 */
export async function handleFetch(take: HostDoor['receive'], request: Request, place: Mount = {}): Promise<Response> {
  const body = bodyOf(request)
  const asked = new FetchRequest(request, body, place)
  const answer = await take(asked)
  if (answer.closeConnection && body instanceof FetchBody) await body.discard()
  asked.isAnswered = true
  return toResponse(answer, request.method)
}

class FetchRequest implements NeutralRequest {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly body: NeutralRequest['body']
  readonly source: string | undefined
  readonly prefix: string | undefined
  isAnswered = false
  readonly #request: Request

  constructor(request: Request, body: NeutralRequest['body'], { source, prefix }: Mount) {
    this.method = request.method
    this.target = targetOf(request.url)
    this.rawHeaders = [...request.headers].flat()
    this.body = body
    this.source = source
    this.prefix = prefix
    this.#request = request
  }

  whenLeft(then: () => void): void {
    const response = responseOfNode(this.#request)
    if (response === null) this.#whenAborted(then)
    else whenLeft(response, then)
  }

  /**
   * Asking a request for its signal makes one: requests that are refused are never asked. That of `Deno.serve` aborts
   * with every answer, also one that arrives (Deno 2.9): once it is answered the signal says nothing there.
   */
  #whenAborted(then: () => void): void {
    const { signal } = this.#request
    const asked = new AsyncResource('PosthornRequest')
    const left = () => {
      if (!this.isAnswered || !('Deno' in globalThis)) asked.runInAsyncScope(then)
    }
    if (signal.aborted) left()
    else signal.addEventListener('abort', left, { once: true })
  }
}

/**
 * Where the host shows what it writes the answer to, as srvx does, on which h3 2 and Nitro 3 stand. The signal of its
 * requests aborts as soon as the body is read (the srvx in Nitro 3.0.0).
 */
function responseOfNode(request: Request): ServerResponse | null {
  const { runtime } = request as { readonly runtime?: { readonly node?: { readonly res?: ServerResponse } } }
  const response = runtime?.node?.res
  return response !== undefined && 'writableFinished' in response ? response : null
}

/** Path and query; the URL of a request is absolute. */
function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

function bodyOf(request: Request): FetchBody | null | 'consumed' {
  if (request.bodyUsed) return 'consumed'
  const stream = request.body
  if (stream === null) return null
  return stream.locked ? 'consumed' : new FetchBody(stream)
}

/** Iterates over the chunks; leaving the loop early does not cancel the stream, which could cut the connection. */
class FetchBody implements AsyncIterableIterator<Uint8Array> {
  readonly #stream: ReadableStream<Uint8Array>
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #ended = false

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#reader ??= this.#stream.getReader()
    const read = await this.#reader.read().catch(aborted)
    this.#ended = read.done
    return read.done ? DONE : read
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    return DONE
  }

  /**
   * Reads on for at most 64 kB or 500 ms and throws it away. A host can only answer after us, and closing a connection
   * with unread bytes resets it, so that the sender would not see the answer.
   */
  async discard(): Promise<void> {
    const late = Promise.withResolvers<'late'>()
    const timer = setTimeout(late.resolve, LINGER_MS, 'late')
    try {
      for (let seen = 0; seen < LINGER_BYTES && !this.#ended; ) {
        const read = await Promise.race([this.next(), late.promise])
        if (read === 'late') return
        seen += read.value?.length ?? 0
      }
    } catch {
      // The sender has left; there is nobody to answer.
    } finally {
      clearTimeout(timer)
    }
  }
}

const DONE: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined }

function aborted(cause: unknown): never {
  throw new PosthornError('ERR_BODY_ABORTED', 'the sender left before its body was complete', { cause })
}

export function toResponse(answer: NeutralResponse, method: string): Response {
  const headers = new Headers({ 'content-type': 'application/json', ...answer.headers })
  if (answer.closeConnection) headers.set('connection', 'close')
  return new Response(method === 'HEAD' ? null : answer.body, { status: answer.status, headers })
}
