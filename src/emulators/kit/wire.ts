/** How one delivery goes out: real HTTP, judged by real time, with faults put around it. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'

/** One HTTP request of a sender. */
export interface Post {
  readonly url: string
  readonly method: 'POST' | 'GET'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** How long the sender waits for the whole answer, in real milliseconds. */
  readonly limitMs: number
  /** How the body goes out; without it at once and whole. */
  readonly manner?: Manner
}

/** A body that goes out badly. */
export interface Manner {
  /** The connection ends after so many bytes of the body. */
  readonly cutAfterBytes?: number
  /** Speed of the body, in real time, in pieces of a tenth of a second. */
  readonly bytesPerSecond?: number
  /** The sender goes away when the body is out, without waiting for the answer. */
  readonly leaves?: boolean
  /** The sender ends its half of the connection when the body is out, and waits for the answer. */
  readonly halfCloses?: boolean
  /** Path and query as they stand in the request line, a byte each letter; without it those of the address, escaped. */
  readonly target?: string
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** At most the first 64 kB. */
  readonly body: string
  readonly code?: never
  readonly ms: number
}

export interface Unanswered {
  readonly status: null
  /** `ETIMEDOUT` past the limit, `ECANCELED` when the sender was closed, else what the connection said: `ECONNREFUSED`, `EPROTO`, `ECONNRESET`. */
  readonly code: string
  readonly ms: number
}

export type Outcome = Answered | Unanswered

/** Which answers acknowledge a post. */
export type Success = '2xx' | '200'

export function isSuccess({ status }: Outcome, success: Success): boolean {
  return success === '200' ? status === 200 : status !== null && status >= 200 && status < 300
}

/** Sends one request and says what came of it; never rejects. */
export type Wire = (post: Post) => Promise<Outcome>

/** A fault is put around a wire: it may change the request, send it twice, hold it back, or hide the answer. */
export type Fault = (wire: Wire) => Wire

/** The wire with these faults around it; the first is the outermost. */
export function withFaults(wire: Wire, faults: readonly Fault[]): Wire {
  return faults.reduceRight((inner, fault) => fault(inner), wire)
}

const KEPT_BYTES = 65_536

/** Over HTTP or HTTPS, with a connection for each request; redirects are not followed. */
export const httpWire: Wire = (post) => exchanged(post, null)

/** The same, until the sender closes: then requests under way end at once, and none begins. */
export const wireUntil =
  (closing: AbortSignal): Wire =>
  (post) =>
    exchanged(post, closing)

async function exchanged(post: Post, closing: AbortSignal | null): Promise<Outcome> {
  const began = performance.now()
  const end = new AbortController()
  const timer = setTimeout(() => end.abort(), post.limitMs)
  const signal = closing === null ? end.signal : AbortSignal.any([end.signal, closing])
  try {
    const answer = await exchange(post, signal)
    return { ...answer, ms: performance.now() - began }
  } catch (error) {
    const code = closing?.aborted ? 'ECANCELED' : end.signal.aborted ? 'ETIMEDOUT' : codeOf(error)
    return { status: null, code, ms: performance.now() - began }
  } finally {
    clearTimeout(timer)
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}

function exchange(post: Post, signal: AbortSignal): Promise<Omit<Answered, 'ms'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Omit<Answered, 'ms'>>()
  const send = post.url.startsWith('https:') ? secureRequest : request
  const { method, url, manner } = post
  const target = manner?.target === undefined ? {} : { path: manner.target }
  const call = send(url, { method, headers: headersOf(post), agent: false, signal, ...target })
  call.on('error', reject)
  call.on('response', (response) => readAnswer(response).then(resolve, reject))
  writeBody(call, post, signal).catch((error) => call.destroy(error))
  return promise
}

function headersOf({ method, headers, body }: Post): Record<string, string | number> {
  const own = { ...headers, connection: 'close' }
  return method === 'GET' ? own : { ...own, 'content-length': Buffer.byteLength(body) }
}

async function writeBody(call: ClientRequest, { method, body, manner = {} }: Post, signal: AbortSignal): Promise<void> {
  if (method === 'GET') return void call.end()
  const bytes = Buffer.from(body)
  const upTo = Math.min(manner.cutAfterBytes ?? bytes.length, bytes.length)
  await writeAt(manner.bytesPerSecond, call, bytes.subarray(0, upTo), signal)
  if (upTo < bytes.length) return void call.destroy(Object.assign(new Error('cut'), { code: 'ECONNRESET' }))
  call.end(() => {
    if (manner.leaves) call.destroy(Object.assign(new Error('left'), { code: 'ECONNRESET' }))
    if (manner.halfCloses) call.socket?.end()
  })
}

async function writeAt(
  bytesPerSecond: number | undefined,
  call: ClientRequest,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const step = bytesPerSecond === undefined ? bytes.length : Math.max(1, Math.ceil(bytesPerSecond / 10))
  for (let at = 0; at < bytes.length; at += step) {
    const piece = bytes.subarray(at, at + step)
    await new Promise<void>((resolve, reject) => call.write(piece, (error) => (error ? reject(error) : resolve())))
    if (bytesPerSecond !== undefined) await wait(100, undefined, { signal })
  }
}

async function readAnswer(response: IncomingMessage): Promise<Omit<Answered, 'ms'>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    if (size < KEPT_BYTES) chunks.push(chunk)
    size += chunk.length
  }
  const body = Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString()
  return { status: response.statusCode ?? 0, headers: plainHeaders(response), body }
}

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
