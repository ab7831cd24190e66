/** Admission and reading of a body: what is in flight is counted, before the body where its length is known. */
import type { AnswerCode } from '../errors.ts'
import { decodeBody, readBody } from '../lib/body.ts'
import { type BodyPlan, planBody } from './body-rules.ts'
import type { NeutralRequest, SourcePort } from './ports.ts'
import type { Read, ReceiveParts } from './receive-parts.ts'

/** The body, or why it is not taken. */
export async function takeBody(
  parts: ReceiveParts,
  port: SourcePort,
  request: NeutralRequest,
): Promise<Read | AnswerCode> {
  const { body } = request
  const maxBytes = port.bodyBytes ?? parts.limits.bodyBytes
  const plan = planBody(request.rawHeaders, maxBytes)
  if (typeof plan === 'string') return plan
  if (body === 'consumed') return consumed(parts)
  if (body === null) return { bytes: new Uint8Array(), undecoded: null }
  // The host has read and decoded it already.
  if (body instanceof Uint8Array) return body.length > maxBytes ? 'body_too_large' : { bytes: body, undecoded: null }
  if (parts.inbox.backlogBytes() > parts.limits.backlogBytes) return 'backlog_full'
  const { load, limits } = parts
  if (load.bytes + (plan.length ?? 0) > limits.inFlightBytes || load.requests >= limits.requests) return 'overloaded'
  return read(parts, body, plan, maxBytes)
}

async function read(parts: ReceiveParts, body: AsyncIterable<Uint8Array>, plan: BodyPlan, maxBytes: number) {
  const held = holdRoom(parts, plan.length ?? 0)
  try {
    const { bodyMs, minBytesPerSecond } = parts.limits
    const bytes = await readBody(body, { maxBytes, bodyMs, minBytesPerSecond, take: held.take }, parts.clock)
    return typeof bytes === 'string' ? bytes : await decoded(bytes, plan, { maxBytes, take: held.take })
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

/** What is decoded is in flight as much as what arrives. */
async function decoded(
  bytes: Uint8Array,
  plan: BodyPlan,
  limits: Parameters<typeof decodeBody>[2],
): Promise<Read | AnswerCode> {
  if (plan.coding === 'identity' || bytes.length === 0) return { bytes, undecoded: null }
  const plain = await decodeBody(bytes, plan.coding, limits)
  if (plain === 'unreadable') return { bytes, undecoded: plan.coding }
  return typeof plain === 'string' ? plain : { bytes: plain, undecoded: null }
}

function consumed(parts: ReceiveParts): AnswerCode {
  const message =
    'another parser has read the body before Posthorn, so nothing was stored: mount Posthorn before express.json() ' +
    'and its like, or let that parser keep the bytes as req.rawBody'
  parts.notices('consumed', 'error', message)
  return 'body_consumed'
}
