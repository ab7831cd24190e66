/** Why a request is not answered as it asks, and how that is said. */

export type RefusalCode =
  | 'bad_request'
  | 'bad_filter'
  | 'address_in_url'
  | 'unauthorized'
  | 'forbidden'
  | 'not_local'
  | 'host_not_allowed'
  | 'forged'
  | 'no_right'
  | 'not_found'
  | 'method_not_allowed'
  | 'more_matches'
  | 'not_confirmed'
  | 'gone'
  | 'form_too_large'
  | 'too_many_failures'
  | 'too_many_runs'
  | 'unavailable'

const STATUS = {
  bad_request: 400,
  bad_filter: 400,
  address_in_url: 400,
  unauthorized: 401,
  forbidden: 403,
  not_local: 403,
  host_not_allowed: 403,
  forged: 403,
  no_right: 403,
  not_found: 404,
  method_not_allowed: 405,
  more_matches: 409,
  not_confirmed: 409,
  gone: 404,
  form_too_large: 413,
  too_many_failures: 429,
  too_many_runs: 429,
  unavailable: 503,
} as const satisfies Readonly<Record<RefusalCode, number>>

/** Thrown by whoever finds it, answered in one place. Its message is for whoever asked: no secret, no address. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  readonly code: RefusalCode
  readonly headers: Readonly<Record<string, string>>
  /** Further fields of the answer as JSON. */
  readonly facts: Readonly<Record<string, unknown>>
  /** One word for operators; null: the code says it. */
  readonly reason: string | null

  constructor(
    code: RefusalCode,
    message: string,
    more: {
      readonly headers?: Readonly<Record<string, string>>
      readonly facts?: Readonly<Record<string, unknown>>
      readonly reason?: string
    } = {},
  ) {
    super(message)
    this.code = code
    this.headers = more.headers ?? {}
    this.facts = more.facts ?? {}
    this.reason = more.reason ?? null
  }

  get status(): number {
    return STATUS[this.code]
  }
}
