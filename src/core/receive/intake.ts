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
import type { ReceiveParts, TakenBody } from './parts.ts'

/** The body, or why it is not taken. */
export function takeBody(
  parts: ReceiveParts,
  port: SourcePort,
  body: NeutralRequest['body'],
  headers: Headers,
): TakenBody | AnswerCode | Promise<TakenBody | AnswerCode> {
  const maxBytes = port.bodyBytes ?? parts.limits.bodyBytes
  const plan = planBody(headers, maxBytes)
  if (typeof plan === 'string') return plan
  if (body === 'consumed') return consumed(parts)
  if (body === null) return asItIs(new Uint8Array())
  // What is answered by the source itself does not become work.
  const isStored = port.responder === undefined
  if (isStored && parts.inbox.intake.backlogBytes() > parts.limits.backlogBytes) return 'backlog_full'
  if (body instanceof Uint8Array) return kept(parts, body, maxBytes)
  const { load, limits } = parts
  if (load.bytes + (plan.length ?? 0) > limits.inFlightBytes || load.requests >= limits.requests) return 'overloaded'
  return read(parts, body, plan, { maxBytes, bodyMs: port.bodyMs ?? limits.bodyMs, isStored })
}

interface Bounds {
  readonly maxBytes: number
  readonly bodyMs: number
  readonly isStored: boolean
}

const asItIs = (bytes: Uint8Array): TakenBody => ({ bytes, sha256: null, own: false, undecoded: null })

async function read(parts: ReceiveParts, body: Chunks, plan: BodyPlan, { maxBytes, bodyMs, isStored }: Bounds) {
  const room = new Room(parts, plan.length ?? 0)
  const { minBytesPerSecond } = parts.limits
  // What is decoded or answered first does not go to the inbox itself.
  const allocate =
    isStored && plan.coding === 'identity' ? parts.inbox.intake.allocate?.bind(parts.inbox.intake) : undefined
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
    load.begin(announced)
  }

  take(bytes: number): boolean {
    this.#arrived += bytes
    const more = Math.max(0, this.#arrived - this.#held)
    this.#held += more
    this.#load.take(more)
    return this.#load.bytes <= this.#most
  }

  release(): void {
    this.#load.free(this.#held)
    this.#load.leave()
  }
}

/** What is decoded is in flight as much as what arrives. */
async function decoded(
  wire: Gathered,
  coding: 'gzip' | 'deflate',
  limits: Parameters<typeof decodeBody>[2],
): Promise<TakenBody | AnswerCode> {
  const plain = await decodeBody(wire.bytes, coding, limits)
  if (plain === 'unreadable') return { ...wire, undecoded: coding }
  return typeof plain === 'string' ? plain : { ...plain, undecoded: null }
}

/** Receivers whose host is known to read bodies first: so it is with every request, and once is enough to say so. */
const knownToKeep = new WeakSet<ReceiveParts>()

/** The host has read and decoded it already. */
function kept(parts: ReceiveParts, body: Uint8Array, maxBytes: number): TakenBody | AnswerCode {
  if (!knownToKeep.has(parts)) warnOfKept(parts)
  return body.length > maxBytes ? 'body_too_large' : asItIs(body)
}

function warnOfKept(parts: ReceiveParts): void {
  knownToKeep.add(parts)
  parts.tell('bodyRead', { isLost: false })
}

function consumed(parts: ReceiveParts): AnswerCode {
  parts.tell('bodyRead', { isLost: true })
  return 'body_consumed'
}
