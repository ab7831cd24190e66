/**
 * One request on a connection of its own. Over node:http, since fetch would lower the names of headers, hide where chunks
 * end, and neither leave early nor send a body that never comes. Private.
 */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * `chunked`: each byte in a chunk of its own · `cut`: the connection ends after half of the body · `leave`: it ends after
 * the whole body · `dribble`: a byte every 100 ms · `announce`: the headers alone, with a length of 1 TiB.
 */
export type Manner = 'whole' | 'chunked' | 'cut' | 'leave' | 'dribble' | 'announce'

export interface Request {
  readonly method: 'POST' | 'GET' | 'HEAD'
  /** Names go out as they are written here. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly manner: Manner
}

export interface Outcome {
  /** Null where no answer came. */
  readonly status: number | null
  readonly headers: Readonly<Record<string, unknown>>
  /** Why no answer came: `left`, `too late`, or what the connection said, such as `ECONNRESET`. */
  readonly code: string | null
  readonly ms: number
}

/** Sends it and waits, at most `limitMs`, for the whole answer. Never rejects. */
export async function exchange(url: URL, request: Request, limitMs: number): Promise<Outcome> {
  const began = performance.now()
  const stop = AbortSignal.timeout(limitMs)
  const end = (outcome: Omit<Outcome, 'ms'>): Outcome => ({ ...outcome, ms: performance.now() - began })
  try {
    const response = await answerTo(url, request, stop)
    return end({ status: response.statusCode ?? 0, headers: response.headers, code: null })
  } catch (error) {
    return end({ status: null, headers: {}, code: stop.aborted ? 'too late' : codeOf(error) })
  }
}

/** Resolves when somebody listens there; rejects with the error of the connection, after 10 s at the latest. */
export async function reach({ hostname, port, protocol }: URL): Promise<void> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(port) || PORTS[protocol] || 80 })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(10_000) })
  } finally {
    socket.destroy()
  }
}

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

function answerTo(url: URL, request: Request, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const send = url.protocol === 'https:' ? secureRequest : plainRequest
  const call = send(url, { method: request.method, headers: headersOf(request), agent: false, signal })
  // An answer may come before the body is out, and the connection break over it: what came first counts.
  call.on('error', reject)
  call.on('response', (response) => {
    response.on('error', reject).on('end', () => {
      resolve(response)
      call.destroy()
    })
    response.resume()
  })
  write(call, request, signal).catch((error) => call.destroy(error))
  return promise
}

const TEBIBYTE = 2 ** 40

function headersOf({ method, headers, body, manner }: Request): Record<string, string> {
  const own = { ...headers, connection: 'close' }
  if (method !== 'POST') return own
  if (manner === 'chunked') return { ...own, 'transfer-encoding': 'chunked' }
  return { ...own, 'content-length': String(manner === 'announce' ? TEBIBYTE : body.length) }
}

async function write(call: ClientRequest, { body, manner }: Request, signal: AbortSignal): Promise<void> {
  if (manner === 'announce') return call.flushHeaders()
  if (manner === 'dribble') return dribble(call, body, signal)
  if (manner === 'cut') return leave(call, body.subarray(0, body.length >> 1))
  if (manner === 'leave') return leave(call, body)
  if (manner === 'chunked') for (const byte of body) call.write(Uint8Array.of(byte))
  call.end(manner === 'chunked' ? undefined : body)
}

/** The connection ends when the bytes are handed over. */
function leave(call: ClientRequest, bytes: Uint8Array): void {
  call.write(bytes, () => call.destroy(Object.assign(new Error('left'), { code: 'left' })))
}

/** The last byte never comes. */
async function dribble(call: ClientRequest, body: Uint8Array, signal: AbortSignal): Promise<void> {
  for (const byte of body.subarray(0, -1)) {
    if (call.destroyed) return
    call.write(Uint8Array.of(byte))
    await wait(100, undefined, { signal })
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
