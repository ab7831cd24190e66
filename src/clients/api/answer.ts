/** The answer of a sender's API: read within bounds, and judged. */
import { ApiError, type ApiErrorCode, type TargetAnswer } from './api-error.ts'
import { withoutSecrets } from './secrecy.ts'

/** What the body of a refusal says; both may be missing. */
export interface Refusal {
  readonly message: string | null
  readonly targetAnswer: TargetAnswer | null
}

export interface Answer {
  readonly status: number
  /** Parsed JSON; null where there is no body. */
  readonly body: unknown
}

/** An answer that is none, or says no. */
export interface Failure {
  readonly error: ApiError
  /** The same call may succeed a moment later. */
  readonly passes: boolean
}

/** How an answer is read; `what` starts messages: `momentumWebhooks: GET /api/v1/webhooks`. */
export interface Reading {
  readonly what: string
  readonly secrets: readonly string[]
  readonly now: number
  /** Of the body as JSON, or as text where it is none. */
  readonly refusalOf: (body: unknown) => Refusal
}

/** A list of 10 000 webhooks is a tenth of it. */
const MAX_BYTES = 64 * 1_048_576

/** The whole body as text; null when it is too long. Rejects when it ends early. */
export async function textOf(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export function judge({ status, headers }: Response, text: string | null, reading: Reading): Answer | Failure {
  // Mailjet: nothing changed.
  if (status === 304) return { status, body: null }
  if (status >= 300 && status < 400)
    return unusable(reading, 'answered with a redirect, which is not followed: the key would go there', status)
  if (status >= 400) return refusalAnswer(status, headers.get('retry-after'), text ?? '', reading)
  if (text === null) return unusable(reading, `the answer is longer than ${MAX_BYTES} bytes`, status)
  const body = parsed(text)
  return body === undefined ? unusable(reading, 'the answer is no JSON', status) : { status, body }
}

/** No answer, or one that nobody can use. */
export function unusable({ what }: Reading, why: string, status: number | null, passes = false): Failure {
  return { error: new ApiError(`${what}: ${why}`, { code: 'ERR_API_UNREACHABLE', status }), passes }
}

/** Undefined for what is no JSON; null for no text. */
function parsed(text: string): unknown {
  if (text.trim() === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const CODES: ReadonlyMap<number, ApiErrorCode> = new Map([
  [401, 'ERR_API_UNAUTHORIZED'],
  [403, 'ERR_API_UNAUTHORIZED'],
  [404, 'ERR_API_NOT_FOUND'],
  [429, 'ERR_API_RATE_LIMITED'],
])

function refusalAnswer(status: number, retryAfter: string | null, text: string, reading: Reading): Failure {
  const { what, secrets, now } = reading
  const { message, targetAnswer } = reading.refusalOf(parsed(text) ?? text)
  const clean = (said: string, length: number) => withoutSecrets(said, secrets).slice(0, length)
  const senderMessage = message === null ? null : clean(message, 300)
  const error = new ApiError(`${what}: ${status}${senderMessage === null ? '' : `: ${senderMessage}`}`, {
    code: CODES.get(status) ?? (status >= 500 ? 'ERR_API_UNREACHABLE' : 'ERR_API_REJECTED'),
    status,
    senderMessage,
    targetAnswer: targetAnswer === null ? null : cleanAnswer(targetAnswer, clean),
    retryAfterMs: waitOf(retryAfter, now),
  })
  return { error, passes: status >= 500 }
}

function cleanAnswer({ status, headers, body }: TargetAnswer, clean: (said: string, length: number) => string) {
  // A cookie is a secret of the target's own.
  const shown = Object.entries(headers).filter(([name]) => !/^set-cookie$/i.test(name))
  return {
    status,
    headers: Object.fromEntries(shown.map(([name, value]) => [name, clean(value, 300)])),
    body: clean(body, 2_000),
  }
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function waitOf(retryAfter: string | null, now: number): number | null {
  if (retryAfter === null) return null
  const ms = /^\d+$/.test(retryAfter.trim()) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : null
}
