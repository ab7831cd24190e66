/** A receiver that imitates what hosts see of the real one, and records what reached it. */

import { handleFetch } from '../../src/core/receive/fetch.ts'
import { ANSWERS, type AnswerCode, PosthornError } from '../../src/errors.ts'
import { flowOf } from '../../src/http/flow.ts'
import { singleHeader } from '../../src/http/headers.ts'
import { hostDoor } from '../../src/lib/symbols.ts'
import type { NeutralRequest, NeutralResponse, ReceiverLike } from '../../src/ports/host.ts'
import type { AdapterSubject } from '../contracts/adapters.ts'

export interface ScriptedReceiver extends AdapterSubject {
  readonly receiver: ReceiverLike
  /** Every request as it came, in order. */
  readonly requests: readonly NeutralRequest[]
  /** Codes of the errors that reading a body threw. */
  readonly bodyErrors: readonly string[]
  /** What was called on the receiver, in order. */
  readonly calls: readonly string[]
  /** Answers from now on as a receiver that is closing. */
  shutDown(): void
}

const TOKEN = 'correct horse battery staple'
const SMALL_LIMIT = 1000

export function createScriptedReceiver({ beforeReading = async () => {} } = {}): ScriptedReceiver {
  const stored: Uint8Array[] = []
  const requests: NeutralRequest[] = []
  const bodyErrors: string[] = []
  const calls: string[] = []
  let left = 0
  let closing = false
  let gate: { entered(): void; open: Promise<void> } | null = null

  async function take(request: NeutralRequest): Promise<NeutralResponse> {
    requests.push(request)
    const source = request.source ?? sourceOf(request)
    if (source !== 'shop' && source !== 'small') return refusal('unknown_source')
    if (request.method === 'HEAD') return taken({ status: 'probe' }, closing)
    if (request.method !== 'POST') return { ...refusal('method_not_allowed'), headers: { allow: 'POST, HEAD' } }
    if (singleHeader(request.rawHeaders, 'x-token') !== TOKEN)
      return { ...refusal('unauthorized'), headers: { 'www-authenticate': 'token realm="posthorn"' } }
    if (request.body === 'consumed') return refusal('body_consumed')
    await beforeReading()
    const body = await readBody(request, source === 'small' ? SMALL_LIMIT : Number.POSITIVE_INFINITY)
    if (body === null) return refusal('body_too_large')
    if (body.length === 0) return taken({ status: 'probe' }, closing)
    stored.push(body)
    let here = true
    const onUndelivered = () => {
      if (here) left++
      here = false
    }
    request.whenLeft(onUndelivered)
    gate?.entered()
    await gate?.open
    return { ...taken({ status: 'accepted' }, closing), onUndelivered }
  }

  async function readBody({ body }: NeutralRequest, limit: number): Promise<Uint8Array | null> {
    if (body === null || body === 'consumed') return new Uint8Array()
    if (body instanceof Uint8Array) return body.length > limit ? null : body
    const chunks: Uint8Array[] = []
    let length = 0
    return new Promise((resolve, reject) => {
      const add = (chunk: Uint8Array) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > limit) resolve(null)
        return length <= limit
      }
      flowOf(body).flowInto({ add, end: () => resolve(Buffer.concat(chunks)), fail: reject })
    })
  }

  /** As the real one: a sender that left gets an answer that nobody sees. */
  async function takeAndNeverReject(request: NeutralRequest): Promise<NeutralResponse> {
    try {
      return await take(request)
    } catch (error) {
      bodyErrors.push(error instanceof PosthornError ? error.code : String(error))
      return refusal('internal')
    }
  }

  return {
    receiver: {
      [hostDoor]: { receive: takeAndNeverReject, sourceNames: ['shop', 'small'] },
      start: async () => void calls.push('start'),
      close: async () => {
        calls.push('close')
        return { drained: true, returned: 0 }
      },
    },
    handle: (request, options) => handleFetch(takeAndNeverReject, request, options),
    source: 'shop',
    smallSource: { name: 'small', bodyBytes: SMALL_LIMIT },
    credentials: { 'X-Token': TOKEN },
    event: '{"event":"open"}',
    stored: async () => stored,
    senderLeft: async () => left,
    hold() {
      const open = Promise.withResolvers<void>()
      const reached = Promise.withResolvers<void>()
      gate = { entered: reached.resolve, open: open.promise }
      return {
        reached: reached.promise,
        release() {
          gate = null
          open.resolve()
        },
      }
    },
    dispose: async () => {},
    requests,
    bodyErrors,
    calls,
    shutDown: () => {
      closing = true
    },
  }
}

function sourceOf({ target, prefix = '' }: NeutralRequest): string | undefined {
  const path = target.split('?')[0]!
  return path.startsWith(prefix) ? path.split('/').findLast((segment) => segment !== '') : undefined
}

function taken(body: object, closeConnection: boolean): NeutralResponse {
  return { status: 200, headers: {}, body: JSON.stringify(body), closeConnection, code: null }
}

function refusal(code: AnswerCode): NeutralResponse {
  const { status, message, close } = ANSWERS[code]
  return { status, headers: {}, body: JSON.stringify({ error: code, message }), closeConnection: close, code }
}
