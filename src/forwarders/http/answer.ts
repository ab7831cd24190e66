/** What an answer means for the event. */
import { PermanentError, PosthornError, RetryLater } from '../../errors.ts'

/** The part of a `Response` that is looked at. */
export interface AnswerLike {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<unknown> | null
}

/** Waiting costs no attempt, so that a consumer that says 0, or a date that has passed, would be asked without a pause. */
const SHORTEST_WAIT_MS = 1_000
/** Whoever is asked to wait longer asks again after it. */
const LONGEST_WAIT_MS = 3_600_000

/** null: confirmed. `permanent` are the statuses with which trying again is pointless. */
export function errorOf(
  { status, headers }: AnswerLike,
  host: string,
  permanent: readonly number[],
  now: number,
): Error | null {
  if (status >= 200 && status < 300) return null
  const redirected = status >= 300 && status < 400 ? ', a redirect, which is not followed' : ''
  const refused = new PosthornError('ERR_FORWARD_REFUSED', `${host} answered ${status}${redirected}`)
  if (permanent.includes(status)) return new PermanentError(refused.message, { cause: refused })
  const afterMs = status === 429 || status === 503 ? waitOf(headers.get('retry-after'), now) : null
  return afterMs === null ? refused : new RetryLater({ afterMs, cause: refused })
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function waitOf(retryAfter: string | null, now: number): number | null {
  if (retryAfter === null) return null
  const text = retryAfter.trim()
  if (!/^(\d+|[A-Z][a-z]+, .*)$/.test(text)) return null
  // Dates begin with their weekday: `Date.parse` takes "-5" and "1.5" for days, too.
  const ms = /^\d/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isFinite(ms) ? Math.min(Math.max(SHORTEST_WAIT_MS, ms), LONGEST_WAIT_MS) : null
}
