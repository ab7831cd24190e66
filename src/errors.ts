/** Every error and every answer of Posthorn, in one place. Exported from `posthorn`. */

/** Stable codes of the errors that Posthorn throws. */
export type ErrorCode =
  | 'ERR_OPTION'
  | 'ERR_FILTER'
  | 'ERR_NODE_VERSION'
  | 'ERR_SECRET_MISSING'
  | 'ERR_SECRET_INVALID'
  | 'ERR_HANDLER_NAME'
  | 'ERR_HANDLER_TIMEOUT'
  | 'ERR_HANDLER_BATCH'
  | 'ERR_PATTERN'
  | 'ERR_RECEIVER_STARTED'
  | 'ERR_RECEIVER_CLOSED'
  | 'ERR_REQUEST_OVER'
  | 'ERR_INBOX_OWNED'
  | 'ERR_INBOX_CLOSED'
  | 'ERR_INBOX_FULL'
  | 'ERR_INBOX_IO'
  | 'ERR_INBOX_CORRUPT'
  | 'ERR_INBOX_FOREIGN'
  | 'ERR_INBOX_VERSION'
  | 'ERR_INBOX_MOUNT'
  | 'ERR_INBOX_UNSAFE'
  | 'ERR_INBOX_SHARDS'
  | 'ERR_BODY_ABORTED'
  | 'ERR_BODY_GONE'
  | 'ERR_MAIL_UNREADABLE'
  | 'ERR_DELIVERY_REFUSED'
  | 'ERR_REPLAY_CANCELLED'
  | 'ERR_MORE_MATCHED'
  | 'ERR_CLAIM_LOST'
  | 'ERR_API_UNAUTHORIZED'
  | 'ERR_API_NOT_FOUND'
  | 'ERR_API_RATE_LIMITED'
  | 'ERR_API_REJECTED'
  | 'ERR_API_UNREACHABLE'
  | 'ERR_FORWARD_REFUSED'
  | 'ERR_FORWARD_UNCONFIRMED'

/** Base of every coded error: `code` is stable, the message is for operators and carries no secret and no payload. */
export class PosthornError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'PosthornError'
    this.code = code
  }
}

/** A wrong call by the programmer: a TypeError with the same stable code. */
export class OptionError extends TypeError {
  readonly code: ErrorCode
  constructor(message: string, code: ErrorCode = 'ERR_OPTION') {
    super(message)
    this.name = 'OptionError'
    this.code = code
  }
}

/** A filter text that cannot be read, or that asks for what a verb cannot answer. Its code is ERR_FILTER. */
export class FilterError extends OptionError {
  override readonly name: string = 'FilterError'
  /** Where in the text, in characters from 0; `end` is not included. */
  readonly start: number
  readonly end: number
  /** What was most likely meant in that place; null where nothing is near. */
  readonly nearest: string | null
  constructor(message: string, place: { start: number; end: number; nearest?: string | null }) {
    const { start, end, nearest = null } = place
    const meant = nearest === null ? '' : `; did you mean "${nearest}"?`
    super(`${message} (at character ${start + 1})${meant}`, 'ERR_FILTER')
    this.start = start
    this.end = end
    this.nearest = nearest
  }
}

/** Thrown by a handler: trying again is pointless; the event rests as a dead letter at once. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError'
}

/** Thrown by a handler: try again after `afterMs`, without spending an attempt. */
export class RetryLater extends Error {
  override readonly name: string = 'RetryLater'
  readonly afterMs: number
  constructor(options: { afterMs: number; cause?: unknown }) {
    const { afterMs, cause } = options ?? {}
    if (typeof afterMs !== 'number' || !Number.isFinite(afterMs) || afterMs < 0)
      throw new OptionError('RetryLater: takes { afterMs }, a number of milliseconds ≥ 0')
    super(`retry after ${afterMs} ms`, cause === undefined ? undefined : { cause })
    this.afterMs = afterMs
  }
}

interface Answer {
  readonly status: number
  /** The fixed text the sender gets; it says nothing about what was compared, stored or parsed. */
  readonly message: string
  /** Seconds for `Retry-After`; null where the header has no place. */
  readonly retryAfter: number | null
  /** Close the connection after the answer: the request body may be unread. */
  readonly close: boolean
}

/** The whole answer policy for requests that are not taken; taken ones are 200, exactly. */
export const ANSWERS = {
  unauthorized: { status: 401, message: 'credentials missing or wrong', retryAfter: null, close: true },
  auth_unavailable: { status: 503, message: 'credentials cannot be checked now', retryAfter: 5, close: true },
  invalid_client: { status: 401, message: 'client credentials missing or wrong', retryAfter: null, close: true },
  invalid_request: { status: 400, message: 'not a request for a token', retryAfter: null, close: true },
  unsupported_grant_type: { status: 400, message: 'expected client_credentials', retryAfter: null, close: true },
  unknown_source: { status: 404, message: 'no such source', retryAfter: null, close: true },
  method_not_allowed: { status: 405, message: 'method not allowed', retryAfter: null, close: true },
  body_aborted: { status: 400, message: 'body ended early', retryAfter: null, close: true },
  body_too_slow: { status: 408, message: 'body took too long', retryAfter: null, close: true },
  body_too_large: { status: 413, message: 'body too large', retryAfter: null, close: true },
  unsupported_coding: {
    status: 415,
    message: 'content or transfer coding not supported',
    retryAfter: null,
    close: true,
  },
  unsupported_charset: { status: 415, message: 'charset not supported', retryAfter: null, close: true },
  body_consumed: { status: 500, message: 'body was read by another parser', retryAfter: null, close: true },
  invalid_params: { status: 400, message: 'parameters missing or invalid', retryAfter: null, close: false },
  broken_body: { status: 400, message: 'body cannot be read', retryAfter: null, close: false },
  answer_failed: { status: 500, message: 'no answer could be made', retryAfter: null, close: false },
  answer_late: { status: 504, message: 'the answer took too long', retryAfter: null, close: false },
  internal: { status: 500, message: 'internal error', retryAfter: null, close: true },
  storage_slow: { status: 503, message: 'storage too slow', retryAfter: 5, close: false },
  storage_failed: { status: 503, message: 'storage failing', retryAfter: 30, close: false },
  backlog_full: { status: 503, message: 'too much waits to be handled', retryAfter: 30, close: true },
  not_handled: { status: 503, message: 'stored, and not handled yet', retryAfter: 5, close: false },
  not_open: { status: 503, message: 'not ready', retryAfter: 5, close: true },
  shutting_down: { status: 503, message: 'shutting down', retryAfter: 5, close: true },
  overloaded: { status: 503, message: 'too many bytes in flight', retryAfter: 5, close: true },
} as const satisfies Record<string, Answer>

/** Stable codes in the body of an answer that is not 200. */
export type AnswerCode = keyof typeof ANSWERS
