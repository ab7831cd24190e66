/** How a call of a sender's API fails. Exported from `posthorn/clients`. */
import { type ErrorCode, PosthornError } from '../../errors.ts'

/**
 * - `ERR_API_UNAUTHORIZED`: the key is wrong, or lacks a right (401, 403)
 * - `ERR_API_NOT_FOUND`: there is no such thing (404)
 * - `ERR_API_RATE_LIMITED`: too many calls (429), after the waits that were worth while
 * - `ERR_API_REJECTED`: the sender refuses the call, and `senderMessage` says why (any other 4xx)
 * - `ERR_API_UNREACHABLE`: no usable answer: no connection, none in time, half of one, one that is no JSON, a redirect, a 5xx
 */
export type ApiErrorCode = Extract<ErrorCode, `ERR_API_${string}`>

/** What a webhook's target answered to the sender's test post, as the sender tells it. */
export interface TargetAnswer {
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>>
  /** At most 2 000 characters. */
  readonly body: string
}

export interface ApiErrorDetails {
  readonly code: ApiErrorCode
  readonly status?: number | null | undefined
  readonly senderMessage?: string | null | undefined
  readonly targetAnswer?: TargetAnswer | null | undefined
  readonly retryAfterMs?: number | null | undefined
}

/**
 * Every call of a client rejects with one. Neither it nor its texts hold a secret of the call; there is no `cause`, since
 * errors of a connection or of a parser quote what was sent or received.
 */
export class ApiError extends PosthornError {
  declare readonly code: ApiErrorCode
  /** Status of the answer; null where there was none. */
  readonly status: number | null
  /** The sender's own words, 300 characters at most; null where it gave none. */
  readonly senderMessage: string | null
  /** When a test post to the target of a webhook failed: what came of it; else null. */
  readonly targetAnswer: TargetAnswer | null
  /** When the sender said how long to wait (`Retry-After`); else null. */
  readonly retryAfterMs: number | null

  constructor(message: string, details: ApiErrorDetails) {
    super(details.code, message)
    this.name = 'ApiError'
    this.status = details.status ?? null
    this.senderMessage = details.senderMessage ?? null
    this.targetAnswer = details.targetAnswer ?? null
    this.retryAfterMs = details.retryAfterMs ?? null
  }
}
