/**
 * Requests whose answer is what the sender came for: answered once each by the source itself, within its time and
 * whatever the inbox does; what was asked and answered is stored afterwards.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { PosthornError } from '../../errors.ts'
import type { Headers } from '../../http/headers.ts'
import { looseParameters } from '../../http/query.ts'
import { textOfWire } from '../../http/wire-text.ts'
import { toBase32 } from '../../lib/base32.ts'
import { sha256 } from '../../lib/digest.ts'
import { port as portOf } from '../../lib/symbols.ts'
import type { Carriers } from '../../ports/auth.ts'
import type { NeutralRequest, NeutralResponse } from '../../ports/host.ts'
import type { NewDelivery } from '../../ports/inbox/intake.ts'
import type { Asked, Outcome, Responded, Responder } from '../../ports/responder.ts'
import { refuse } from './answers.ts'
import { headersOfRecord } from './body-rules.ts'
import { deliveryId } from './identity.ts'
import { keptByKey } from './kept-by-key.ts'
import type { From, ReceiveParts, TakenBody } from './parts.ts'

/** Promo codes and tokens: no proxy on the way keeps them, and no browser takes the answer for a page. */
const HEADERS = Object.freeze({
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
})

type Result = Responded | { readonly late: true } | { readonly error: unknown }
type Answered = Pick<NeutralResponse, 'status' | 'headers' | 'body' | 'code'>

export async function respond(
  parts: ReceiveParts,
  from: From,
  read: TakenBody,
  responder: Responder,
): Promise<NeutralResponse> {
  const { load, clock, limits } = parts
  if (load.requests >= limits.requests) return refuse('overloaded')
  load.enter()
  try {
    const began = clock.steady()
    const asked = askedOf(from, read)
    const result = await resultOf(parts, from, asked, responder)
    const [{ status, headers, body, code }, failure] = toAnswer(result, responder)
    const tookMs = clock.steady() - began
    if (failure !== null) tellFailure(parts, from.source, failure, status, result)
    parts.tell('answered', { source: from.source, tookMs })
    keep(parts, from, asked, responder, { status, body, failure, tookMs })
    return { status, headers: { ...headers, ...HEADERS }, body, closeConnection: false, code }
  } finally {
    load.leave()
  }
}

function askedOf({ source, port, request }: From, read: TakenBody): Asked {
  const carriers = port.auth[portOf].carriers ?? NOWHERE
  return {
    id: `c_${toBase32(randomBytes(16))}`,
    source,
    method: request.method,
    parameters: looseParameters(request.target).filter(([name]) => !carriers.parameters.includes(name)),
    headers: withoutCredentials(request, carriers),
    body: read.bytes,
    undecoded: read.undecoded,
  }
}

const NOWHERE: Carriers = Object.freeze({ headers: [], parameters: [] })
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie']

function withoutCredentials({ rawHeaders }: NeutralRequest, carriers: Carriers): Headers {
  const kept: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    if (CREDENTIALS.includes(name) || carriers.headers.includes(name)) continue
    kept.push([name, textOfWire(Buffer.from(rawHeaders[index + 1]!, 'latin1'))])
  }
  return kept
}

/** Never rejects. A call that is late goes on: it keeps its seat until it ends, and what it makes then is let go of. */
async function resultOf(parts: ReceiveParts, from: From, asked: Asked, responder: Responder): Promise<Result> {
  const controller = new AbortController()
  const late = Promise.withResolvers<Result>()
  // A deadline is told by the timer of another request.
  const onLate = AsyncLocalStorage.bind(() => {
    controller.abort(new PosthornError('ERR_REQUEST_OVER', 'the time for the answer is over'))
    late.resolve({ late: true })
  })
  const cancel = parts.deadlines.after(responder.timeoutMs, onLate)
  from.request.whenLeft(() => controller.abort(new PosthornError('ERR_REQUEST_OVER', 'the sender has left')))
  const tools = {
    signal: controller.signal,
    kept: keptByKey(parts, from.source),
    doubt: (kind: string, message: string) => parts.tell('doubted', { source: from.source, kind, message }),
  }
  const run = async (): Promise<Result> => {
    if (controller.signal.aborted) return { late: true }
    return await responder.respond(asked, tools).catch((error: unknown) => ({ error }))
  }
  try {
    return await Promise.race([parts.concurrency.take(responder, run), late.promise])
  } finally {
    cancel()
  }
}

function toAnswer(result: Result, { fallback }: Responder): readonly [Answered, failure: string | null] {
  if ('answer' in result) return [answerWith(result.answer), null]
  if ('refused' in result) {
    const refused = refuse(result.refused)
    return [{ ...refused, body: JSON.stringify({ ...JSON.parse(refused.body), ...result.details }) }, result.refused]
  }
  const failure = 'late' in result ? 'answer_late' : failureOf(result.error)
  return [fallback === null ? refuse(failure) : answerWith(fallback), failure]
}

const answerWith = (body: string): Answered => ({ status: 200, headers: HEADERS, body, code: null })

/** What a source keeps in the inbox may be what the inbox cannot keep now. */
function failureOf(error: unknown): 'storage_failed' | 'answer_failed' {
  return error instanceof PosthornError && error.code.startsWith('ERR_INBOX_') ? 'storage_failed' : 'answer_failed'
}

function tellFailure({ tell }: ReceiveParts, source: string, failure: string, status: number, result: Result): void {
  const thrown = 'error' in result ? { error: result.error } : null
  tell('unanswered', { source, failure, status, refused: 'refused' in result, thrown })
}

function keep(parts: ReceiveParts, from: From, asked: Asked, responder: Responder, outcome: Outcome): void {
  const body = responder.record(asked, outcome)
  const hashed = sha256(body, parts.breathe)
  const store = (hash: Uint8Array) => parts.recorder.keep(deliveryOf(parts, from, asked, body, hash))
  if (hashed instanceof Promise) void hashed.then(store)
  else store(hashed)
}

function deliveryOf(parts: ReceiveParts, from: From, { id }: Asked, body: Uint8Array, hash: Uint8Array): NewDelivery {
  return {
    id: deliveryId(from.source, id, hash),
    source: from.source,
    batchId: id,
    sha256: hash,
    body,
    receivedAt: parts.clock.now(),
    headers: headersOfRecord(from.headers, null),
    credential: from.credential,
    isTest: false,
    origin: 'wire',
    undecoded: null,
    traceparent: null,
  }
}
