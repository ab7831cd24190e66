/** Requests for a token of a source that issues its own. They bring no delivery, and nothing of them is stored. */
import type { Issued } from '../../ports/auth.ts'
import type { NeutralRequest, NeutralResponse } from '../../ports/host.ts'
import { Load } from '../base/load.ts'
import { answerOk, refuse } from './answers.ts'
import { headersOf } from './body-rules.ts'
import { takeBody } from './intake.ts'
import type { ReceiveParts } from './parts.ts'

/** A request for a token is some 200 bytes, in one packet. */
const [BODY_BYTES, BODY_MS] = [4_096, 2_000]
/** Anybody may send a body here, so those under way take no room from deliveries. */
const MOST_REQUESTS = 64

/** RFC 6749 section 5.1. */
const UNCACHED = Object.freeze({ 'cache-control': 'no-store', pragma: 'no-cache' })
const CHALLENGE = Object.freeze({ 'www-authenticate': 'Basic realm="posthorn", charset="UTF-8"' })

export function createTokenDesk(parts: ReceiveParts) {
  const own: ReceiveParts = {
    ...parts,
    load: new Load(),
    limits: {
      ...parts.limits,
      bodyMs: BODY_MS,
      inFlightBytes: MOST_REQUESTS * BODY_BYTES,
      requests: MOST_REQUESTS,
      backlogBytes: Number.POSITIVE_INFINITY,
    },
  }

  return async function answerTokenRequest(source: string, request: NeutralRequest): Promise<NeutralResponse> {
    const port = parts.sources.get(source)
    const doors = await parts.open()
    if (typeof doors === 'string') return refuse(doors)
    const issue = doors.get(source)?.issue
    if (port === undefined || issue === undefined || issue === null) return refuse('unknown_source')
    if (request.method !== 'POST') return refuse('method_not_allowed', { allow: 'POST' })
    const read = await takeBody(
      own,
      { ...port, bodyBytes: BODY_BYTES, bodyMs: BODY_MS },
      request.body,
      headersOf(request.rawHeaders, null),
    )
    if (typeof read === 'string') return refuse(read)
    return answerOf(parts, source, await issue(request, read.bytes))
  }
}

function answerOf(parts: ReceiveParts, source: string, issued: Issued): NeutralResponse {
  if (issued.ok) {
    parts.tell('tokenIssued', { source })
    const answer = answerOk(issued.body, false)
    return { ...answer, headers: { ...answer.headers, ...UNCACHED } }
  }
  const { code, reason = code } = issued
  parts.tell('tokenRefused', { source, reason })
  return refuse(code, code === 'invalid_client' ? CHALLENGE : {})
}
