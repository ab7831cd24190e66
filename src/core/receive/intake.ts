/** Admission and reading of a body: what is in flight is counted, before the body where its length is known. */
import type { AnswerCode } from '../../errors.ts'
import { decodeBody, readBody } from '../../http/body.ts'
import type { Chunks } from '../../http/flow.ts'
import type { Gathered } from '../../http/gather.ts'
import type { Headers } from '../../http/headers.ts'
import type { NeutralRequest } from '../../ports/host.ts'
import type { SourcePort } from '../../ports/provider.ts'
import type { Load } from '../base/load.ts'
import { type BodyPlan, planBody } from './body-rules.ts'
import type { Read, ReceiveParts } from './parts.ts'

/** The body, or why it is not taken. */
export function takeBody(
  parts: ReceiveParts,
  port: SourcePort,
  body: NeutralRequest['body'],
  headers: Headers,
): Read | AnswerCode | Promise<Read | AnswerCode> {
  const maxBytes = port.bodyBytes ?? parts.limits.bodyBytes
  const plan = planBody(headers, maxBytes)
  if (typeof plan === 'string') return plan
  if (body === 'consumed') return consumed(parts)
  if (body === null) return asItIs(new Uint8Array())
  // The host has read and decoded it already.
  if (body instanceof Uint8Array) return body.length > maxBytes ? 'body_too_large' : asItIs(body)
  if (parts.inbox.backlogBytes() > parts.limits.backlogBytes) return 'backlog_full'
  const { load, limits } = parts
  if (load.bytes + (plan.length ?? 0) > limits.inFlightBytes || load.requests >= limits.requests) return 'overloaded'
  return read(parts, body, plan, maxBytes)
}

const asItIs = (bytes: Uint8Array): Read => ({ bytes, sha256: null, own: false, undecoded: null })

async function read(parts: ReceiveParts, body: Chunks, plan: BodyPlan, maxBytes: number) {
  const room = new Room(parts, plan.length ?? 0)
  const { bodyMs, minBytesPerSecond } = parts.limits
  // What is decoded first does not go to the inbox itself.
  const allocate = plan.coding === 'identity' ? parts.inbox.allocate?.bind(parts.inbox) : undefined
  const limits = { maxBytes, bodyMs, minBytesPerSecond, take: (bytes: number) => room.take(bytes), allocate }
  try {
    const gathered = await readBody(body, limits, parts.deadlines, plan.length)
    if (typeof gathered === 'string') return gathered
    if (plan.coding !== 'identity' && gathered.bytes.length > 0) return await decoded(gathered, plan.coding, limits)
    return { ...gathered, undecoded: null }
  } catch {
    return 'body_aborted'
  } finally {
    room.release()
  }
}

/** Room for what was announced is held at once; what comes beyond it, or unannounced, chunk by chunk. */
class Room {
  readonly #load: Load
  readonly #most: number
  #held: number
  #arrived = 0

  constructor({ load, limits }: ReceiveParts, announced: number) {
    this.#load = load
    this.#most = limits.inFlightBytes
    this.#held = announced
    load.bytes += announced
    load.requests++
    load.begun++
  }

  take(bytes: number): boolean {
    this.#arrived += bytes
    const more = Math.max(0, this.#arrived - this.#held)
    this.#held += more
    this.#load.bytes += more
    return this.#load.bytes <= this.#most
  }

  release(): void {
    this.#load.bytes -= this.#held
    this.#load.requests--
  }
}

/** What is decoded is in flight as much as what arrives. */
async function decoded(
  wire: Gathered,
  coding: 'gzip' | 'deflate',
  limits: Parameters<typeof decodeBody>[2],
): Promise<Read | AnswerCode> {
  const plain = await decodeBody(wire.bytes, coding, limits)
  if (plain === 'unreadable') return { ...wire, undecoded: coding }
  return typeof plain === 'string' ? plain : { ...plain, undecoded: null }
}

function consumed(parts: ReceiveParts): AnswerCode {
  const message =
    'another parser has read the body before Posthorn, so nothing was stored: mount Posthorn before express.json() ' +
    'and its like, or let that parser keep the bytes as req.rawBody'
  parts.notices('consumed', 'error', message)
  return 'body_consumed'
}
