/**
 * The receive half: route → look → authenticate (headers only) → admit → read bytes → inbox → 200.
 * Nothing here parses JSON, and nothing the sender waits for depends on the number of events.
 */
import type { AnswerCode } from '../errors.ts'
import { decodeBody, readBody, sha256 } from '../lib/body.ts'
import { port as portOf } from '../lib/symbols.ts'
import { type BodyPlan, batchIdOf, headersOfRecord, planBody } from './body-rules.ts'
import { deliveryId, isProbe } from './identity.ts'
import type { Notices } from './notices.ts'
import type { Clock, InboxPort, NeutralRequest, NeutralResponse, NewDelivery, SourcePort, Verify } from './ports.ts'
import { answerOk, refuse } from './refusal.ts'
import { allowed, methodOf, sourceName } from './route.ts'

export interface ReceiveLimits {
  readonly bodyBytes: number
  readonly bodyMs: number
  readonly minBytesPerSecond: number
  readonly inFlightBytes: number
  readonly acceptMs: number
}

/** What is under way on the way to an acknowledgement; the process half gives way to it. */
export interface Load {
  bytes: number
  requests: number
}

export interface ReceiveParts {
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly limits: ReceiveLimits
  readonly inbox: InboxPort
  readonly clock: Clock
  readonly load: Load
  readonly notices: Notices
  /** Starts if nobody has; the checks by source name once open, else what to answer. */
  open(): Promise<ReadonlyMap<string, Verify> | 'not_open' | 'shutting_down'>
  closing(): boolean
  /** Told of every refusal. */
  rejected(source: string | null, response: NeutralResponse): void
  breathe(): Promise<void>
}

interface Accepted {
  readonly source: string
  readonly port: SourcePort
  readonly credential: string | null
  readonly request: NeutralRequest
}

export function createReceive(parts: ReceiveParts): (request: NeutralRequest) => Promise<NeutralResponse> {
  return async function receive(request) {
    const name = sourceName(request)
    const port = name === null ? undefined : parts.sources.get(name)
    if (name === null || port === undefined) return told(parts, null, refuse('unknown_source'))
    const method = methodOf(request, port.provider)
    if (method === 'look') return look(parts, name, request.method)
    if (method === 'other') return told(parts, name, refuse('method_not_allowed', { allow: allowed(port.provider) }))
    try {
      return told(parts, name, await post(parts, name, port, request))
    } catch (error) {
      parts.notices('internal', 'error', 'a request failed inside Posthorn', { source: name, error: briefly(error) })
      return told(parts, name, refuse('internal'))
    }
  }
}

function told(parts: ReceiveParts, source: string | null, response: NeutralResponse): NeutralResponse {
  if (response.code !== null) parts.rejected(source, response)
  return parts.closing() && !response.closeConnection ? { ...response, closeConnection: true } : response
}

function look(parts: ReceiveParts, source: string, method: string): NeutralResponse {
  parts.notices(`look:${source}`, 'info', `${method} on "${source}" answered 200: an address check`, { source })
  const answer = answerOk({ status: 'probe' }, parts.closing())
  return method === 'HEAD' ? { ...answer, body: '' } : answer
}

async function post(parts: ReceiveParts, name: string, port: SourcePort, request: NeutralRequest) {
  const checks = await parts.open()
  if (typeof checks === 'string') return refuse(checks)
  const verdict = checks.get(name)?.(request)
  if (verdict === undefined || !verdict.ok) return refuse('unauthorized', challenge(port))
  const read = await admitted(parts, port, request)
  if (typeof read === 'string') return refuse(read)
  if (isProbe(read.bytes, port.provider.probes)) return probe(parts, name)
  return store(parts, { source: name, port, credential: verdict.credential, request }, read)
}

const challenge = (port: SourcePort): Record<string, string> => {
  const value = port.auth[portOf].challenge
  return value === '' ? {} : { 'www-authenticate': value }
}

function probe(parts: ReceiveParts, source: string): NeutralResponse {
  parts.notices(`probe:${source}`, 'info', `a test post arrived on "${source}" and was answered 200`, { source })
  return answerOk({ status: 'probe' }, false)
}

interface Read {
  readonly bytes: Uint8Array
  /** The coding that could not be undone; the bytes are then those of the wire. */
  readonly undecoded: string | null
}

/** Counts what is in flight, before the body where its length is known, until the bytes are stored or refused. */
async function admitted(parts: ReceiveParts, port: SourcePort, request: NeutralRequest): Promise<Read | AnswerCode> {
  const { body } = request
  const maxBytes = port.bodyBytes ?? parts.limits.bodyBytes
  const plan = planBody(request.rawHeaders, maxBytes)
  if (typeof plan === 'string') return plan
  if (body === 'consumed') return consumed(parts)
  if (body === null) return { bytes: new Uint8Array(), undecoded: null }
  // The host has read and decoded it already.
  if (body instanceof Uint8Array) return body.length > maxBytes ? 'body_too_large' : { bytes: body, undecoded: null }
  if (parts.load.bytes + (plan.length ?? 0) > parts.limits.inFlightBytes) return 'overloaded'
  return read(parts, body, plan, maxBytes)
}

async function read(parts: ReceiveParts, body: AsyncIterable<Uint8Array>, plan: BodyPlan, maxBytes: number) {
  const held = holdRoom(parts, plan.length ?? 0)
  try {
    const { bodyMs, minBytesPerSecond } = parts.limits
    const bytes = await readBody(body, { maxBytes, bodyMs, minBytesPerSecond, take: held.take }, parts.clock)
    return typeof bytes === 'string' ? bytes : await decoded(bytes, plan, maxBytes)
  } catch {
    return 'body_aborted'
  } finally {
    held.release()
  }
}

/** Room for what was announced is held at once; what comes beyond it, or unannounced, chunk by chunk. */
function holdRoom(parts: ReceiveParts, announced: number) {
  const { load, limits } = parts
  let [held, arrived] = [announced, 0]
  load.bytes += announced
  load.requests++
  const take = (bytes: number) => {
    arrived += bytes
    const more = Math.max(0, arrived - held)
    held += more
    load.bytes += more
    return load.bytes <= limits.inFlightBytes
  }
  const release = () => {
    load.bytes -= held
    load.requests--
  }
  return { take, release }
}

async function decoded(bytes: Uint8Array, plan: BodyPlan, maxBytes: number): Promise<Read | AnswerCode> {
  if (plan.coding === 'identity' || bytes.length === 0) return { bytes, undecoded: null }
  const plain = await decodeBody(bytes, plan.coding, maxBytes)
  return plain === 'unreadable'
    ? { bytes, undecoded: plan.coding }
    : plain === 'body_too_large'
      ? plain
      : { bytes: plain, undecoded: null }
}

function consumed(parts: ReceiveParts): AnswerCode {
  const message =
    'another parser has read the body before Posthorn, so nothing was stored: mount Posthorn before express.json() ' +
    'and its like, or let that parser keep the bytes as req.rawBody'
  parts.notices('consumed', 'error', message)
  return 'body_consumed'
}

async function store(parts: ReceiveParts, from: Accepted, read: Read): Promise<NeutralResponse> {
  const { load } = parts
  const bytes = read.bytes.length
  let accepted: ReturnType<typeof accept> | null = null
  load.bytes += bytes
  load.requests++
  try {
    const delivery = await toDelivery(parts, from, read)
    accepted = accept(parts, delivery)
    const result = await beforeDeadline(parts, accepted)
    if (typeof result === 'string') return refuse(result)
    const onUndelivered = () => parts.inbox.noteSenderLeft(result.seq)
    return answerOk({ status: result.status, id: delivery.id }, false, onUndelivered)
  } finally {
    load.requests--
    // Past the deadline the inbox still holds the body: a disk that hangs must not gather what senders repeat.
    void Promise.resolve(accepted).then(() => {
      load.bytes -= bytes
    })
  }
}

async function toDelivery(parts: ReceiveParts, from: Accepted, read: Read): Promise<NewDelivery> {
  const { provider } = from.port
  const hash = await sha256(read.bytes, parts.breathe)
  const receivedAt = parts.clock.now()
  const batchId = batchIdOf(from.request.rawHeaders, provider.batchIdHeader)
  const isTest = batchId !== null && provider.testBatchIds.has(batchId)
  if (isTest) parts.notices(`test:${from.source}`, 'info', `a vendor test batch arrived on "${from.source}"`)
  return {
    id: deliveryId(from.source, isTest ? receivedAt : batchId, hash),
    source: from.source,
    batchId,
    sha256: hash,
    body: read.bytes,
    receivedAt,
    headers: headersOfRecord(from.request.rawHeaders, provider.batchIdHeader),
    credential: from.credential,
    isTest,
    origin: 'wire',
    undecoded: read.undecoded,
  }
}

/** Never rejects. */
function accept(parts: ReceiveParts, delivery: NewDelivery) {
  return parts.inbox.accept(delivery).catch((error: unknown) => {
    parts.notices('accept', 'error', 'a delivery could not be stored and was answered 503', { error: briefly(error) })
    return 'storage_failed' as const
  })
}

/** A commit that comes after the deadline is not lost: the sender repeats, and the repeat is absorbed. */
async function beforeDeadline<T>(parts: ReceiveParts, accepted: Promise<T>): Promise<T | 'storage_slow'> {
  let cancel = () => {}
  const late = new Promise<'storage_slow'>((resolve) => {
    cancel = parts.clock.after(parts.limits.acceptMs, () => resolve('storage_slow'))
  })
  try {
    return await Promise.race([accepted, late])
  } finally {
    cancel()
  }
}

/** Code, or name: messages may quote what they should not. */
function briefly(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return String(code ?? name ?? 'unknown error')
}
