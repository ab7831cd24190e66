/**
 * The list of activities: `GET /api/v2/contacts/activity`, the only repair after lost webhooks.
 * Source: docs.yespo.io, API reference, June 2025; public clients for `offset` and `maxrows`.
 */
import { isObject } from '../../lib/guards.ts'
import { keysOf, knownKeys, wholeNumber } from '../../lib/options.ts'
import type { Secret } from '../../types.ts'
import type { Answer, Refusal } from '../api/answer.ts'
import type { Api } from '../api/api.ts'
import { ApiError } from '../api/api-error.ts'
import { checkedSignal, instantIn, textIn } from '../api/arguments.ts'
import type { PullClient, PullOptions, PullPage } from '../api/pull.ts'
import { baseUrlOf, basicLogin, type CallOptions, createApi, secretReader } from '../api/settings.ts'
import { windowsOf } from './windows.ts'

export interface EsputnikApiOptions {
  /** The password of HTTP Basic. */
  readonly apiKey: Secret
  /** The user of HTTP Basic: any will do, and public clients give the login of the account. Default `posthorn`. */
  readonly user?: string
  /** Default `https://esputnik.com`. */
  readonly baseUrl?: string
  /** How long one try of a call may take. Default 30 000. */
  readonly timeoutMs?: number
}

export interface EsputnikActivityOptions extends PullOptions, CallOptions {
  /** Activities of this address alone. */
  readonly email?: string
  /** Of this status alone: `DELIVERED`. */
  readonly status?: string
  /** Activities in a page, 1 to 25 000. Default 25 000. */
  readonly maxRows?: number
}

/** Each call rejects with an `ApiError`. */
export interface EsputnikActivity extends PullClient {
  /**
   * The activities of the days from `since` to `until`, both whole, in the shape of the webhook. Longer times are asked for
   * in windows of three months.
   * @throws ApiError ERR_API_REJECTED when the list is switched off for the account
   */
  pages(options: EsputnikActivityOptions): AsyncGenerator<PullPage>
}

const NAME = 'esputnikActivity'
const PATH = '/api/v2/contacts/activity'
const OPTIONS = keysOf<EsputnikApiOptions>({ apiKey: true, user: true, baseUrl: true, timeoutMs: true })
const PAGES = keysOf<EsputnikActivityOptions>({
  ...{ since: true, until: true, email: true, status: true, maxRows: true, signal: true },
})

/**
 * A client of the list of activities.
 *
 * @example
 * const activity = esputnikActivity({ apiKey: { env: 'ESPUTNIK_API_KEY' } })
 * for await (const { events } of activity.pages({ since: new Date('2026-01-01') })) console.log(events.length)
 * @throws OptionError for an option that is wrong or unknown
 */
export function esputnikActivity(options: EsputnikApiOptions): EsputnikActivity {
  knownKeys(NAME, options, OPTIONS)
  const { apiKey, baseUrl = 'https://esputnik.com', timeoutMs } = options
  const user = textIn(`${NAME}: user`, options.user ?? 'posthorn')
  const login = basicLogin(async () => user, secretReader(`${NAME}: apiKey`, apiKey))
  return new Client(createApi({ name: NAME, baseUrl: baseUrlOf(NAME, baseUrl, '/api'), login, timeoutMs, refusalOf }))
}

class Client implements EsputnikActivity {
  /** Days are those of the zone of the account, which is not documented. */
  readonly marginMs = 86_400_000
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async *pages(options: EsputnikActivityOptions): AsyncGenerator<PullPage> {
    knownKeys(`${NAME}: pages`, options, PAGES)
    const { email, status, until = new Date(this.#api.clock.now()) } = options
    const signal = checkedSignal(NAME, options.signal)
    const maxrows = wholeNumber(`${NAME}: maxRows`, options.maxRows, 25_000, 1, 25_000)
    const filter = { ...(email === undefined ? {} : { email }), ...(status === undefined ? {} : { status }) }
    for (const days of windowsOf(instantIn(`${NAME}: since`, options.since), instantIn(`${NAME}: until`, until)))
      yield* this.#window({ ...days, ...filter, maxrows }, maxrows, signal)
  }

  async *#window(
    query: Readonly<Record<string, string | number>>,
    maxrows: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<PullPage> {
    for (let offset: number | null = 0; offset !== null; ) {
      const answer = await this.#api.call({ method: 'GET', path: PATH, query: { ...query, offset }, signal })
      const rows = rowsOf(answer)
      if (rows.length > 0) yield { events: rows.map(asPosted), total: null }
      offset = rows.length < maxrows ? null : offsetAfter(rows, offset)
    }
  }
}

function rowsOf({ body, status }: Answer): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(body) && body.every(isObject)) return body
  throw new ApiError(`${NAME}: the answer is no list of activities`, { code: 'ERR_API_UNREACHABLE', status })
}

/** Each row has the offset that follows it; without it by number. */
function offsetAfter(rows: readonly Readonly<Record<string, unknown>>[], before: number): number {
  const last = Number(rows.at(-1)?.offset)
  return Number.isSafeInteger(last) && last > before ? last : before + rows.length
}

/** The webhook has no `offset`. */
function asPosted({ offset: _, ...activity }: Readonly<Record<string, unknown>>): object {
  return activity
}

/** `{"errorCode":400,"message":…}`, or plain text. */
function refusalOf(body: unknown): Refusal {
  const said = isObject(body) ? body.message : body
  return { message: typeof said === 'string' && said !== '' ? said : null, targetAnswer: null }
}
