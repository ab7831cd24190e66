/**
 * Posts to a target with the credentials of its webhook; test posts among them.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib).
 */
import { basicHeader } from '../kit/basic.ts'
import { type Fault, type Outcome, type Post, type Wire, withFaults } from '../kit/wire.ts'
import type { Edition } from './edition.ts'
import { type OAuthRequest, parsedJson, Refusal, type Settings } from './settings.ts'

/** Where to post, and as whom. */
type Target = Pick<
  Settings,
  'target' | 'auth_type' | 'auth_token' | 'auth_credentials' | 'auth_request_details' | 'custom_headers'
>

export interface PosterOptions {
  readonly edition: Edition
  readonly limitMs: number
  /** A batch id header on batches. */
  readonly batchIdHeader: boolean
  /** How a request for a token is written. */
  readonly tokenRequest: 'json' | 'form'
  readonly faults: readonly Fault[]
}

/** The credentials of a webhook, as far as they are not in its settings. */
export interface Credentials {
  /** Of OAuth 2.0; null until it was fetched, and after a target refused it. */
  accessToken: { readonly access_token: string; readonly expires_in: number } | null
}

/** What `[{"msys":{}}]` is to the sender: the test of a target. */
export const PING = '[{"msys":{}}]'

const NO_TOKEN = { status: null, code: 'no access_token in the answer' } as const

export class Poster {
  readonly #options: PosterOptions
  readonly #plain: Wire
  readonly #wire: Wire

  constructor(options: PosterOptions, wire: Wire) {
    this.#options = options
    this.#plain = wire
    this.#wire = withFaults(wire, options.faults)
  }

  /** One batch. A target that answers 400 or 401 to a bearer token gets it once more with a new one (2.1, rule 5). */
  async batch(settings: Target, credentials: Credentials, id: string, body: string): Promise<Outcome> {
    const first = await this.#authorized(settings, credentials, id, body, this.#wire)
    if (settings.auth_type !== 'oauth2' || (first.status !== 400 && first.status !== 401)) return first
    credentials.accessToken = null
    return this.#authorized(settings, credentials, id, body, this.#wire)
  }

  /** A test post: without faults, since somebody waits for the answer. */
  test(settings: Target, credentials: Credentials, body: string): Promise<Outcome> {
    return this.#authorized(settings, credentials, this.#options.edition.testBatchId, body, this.#plain)
  }

  async #authorized(
    settings: Target,
    credentials: Credentials,
    batchId: string | null,
    body: string,
    wire: Wire,
  ): Promise<Outcome> {
    const refused = settings.auth_type === 'oauth2' ? await this.#fetchToken(settings, credentials) : null
    if (refused !== null) return refused
    const headers = { ...this.#headers(batchId), ...credentialsOf(settings, credentials), ...settings.custom_headers }
    return wire(this.#post(settings.target, headers, body))
  }

  #post(url: string, headers: Record<string, string>, body: string): Post {
    return { url, method: 'POST', headers, body, limitMs: this.#options.limitMs }
  }

  #headers(batchId: string | null): Record<string, string> {
    const { edition, batchIdHeader } = this.#options
    return {
      'Content-Type': 'application/json',
      ...(edition.userAgent === null ? {} : { 'User-Agent': edition.userAgent }),
      ...(batchId === null || !batchIdHeader ? {} : { 'X-MessageSystems-Batch-ID': batchId }),
    }
  }

  /** Null when there is a token, else what came instead of one. */
  async #fetchToken(settings: Target, credentials: Credentials): Promise<Outcome | null> {
    if (credentials.accessToken !== null) return null
    const outcome = await this.#plain(this.#tokenPost(settings.auth_request_details as OAuthRequest))
    const answer = parsedJson(outcome.status === 200 ? outcome.body : '')
    const { access_token, expires_in } = (answer ?? {}) as Record<string, unknown>
    // An answer of 200 without a token is no success of the post that needed it.
    if (typeof access_token !== 'string') return outcome.status === 200 ? { ...NO_TOKEN, ms: outcome.ms } : outcome
    credentials.accessToken = { access_token, expires_in: Number(expires_in) }
    return null
  }

  /** The content type is not documented. */
  #tokenPost({ url, body }: OAuthRequest): Post {
    if (this.#options.tokenRequest === 'json')
      return this.#post(url, { 'Content-Type': 'application/json' }, JSON.stringify(body))
    const form = new URLSearchParams(
      Object.entries(body).map(([name, value]): [string, string] => [name, String(value)]),
    )
    return this.#post(url, { 'Content-Type': 'application/x-www-form-urlencoded' }, form.toString())
  }

  /**
   * What the API does before it creates a webhook or changes a target: fetches a token, then sends a test post.
   * @throws Refusal 400, as the API documents it, when the answer is not 200
   */
  async check(settings: Target, credentials: Credentials): Promise<void> {
    if (settings.auth_type === 'oauth2') {
      const refused = await this.#fetchToken(settings, credentials)
      if (refused !== null) throw failedTest('POST to webhook tokens URL failed', refused)
    }
    const outcome = await this.test(settings, credentials, PING)
    if (outcome.status !== 200) throw failedTest('POST to webhook target URL failed', outcome)
  }
}

/** The message with what came, and the answer, as `POST /v1/webhooks` documents them. */
export function failedTest(message: string, outcome: Outcome): Refusal {
  if (outcome.status === null)
    return new Refusal(400, { code: 400, message: `${message} with error code ${outcome.code}` })
  const { status, headers, body } = outcome
  const what = status >= 200 && status < 300 ? '' : ` with non-2xx response code ${status}`
  return new Refusal(400, { code: 400, message: `${message}${what}`, response: { status, headers, body } })
}

function credentialsOf(settings: Target, { accessToken }: Credentials): Record<string, string> {
  const { auth_type, auth_token, auth_credentials } = settings
  const token = auth_token === '' ? {} : { 'X-MessageSystems-Webhook-Token': auth_token }
  if (auth_type === 'none') return token
  if (auth_type === 'oauth2') return { ...token, Authorization: `Bearer ${accessToken?.access_token}` }
  const { username, password } = auth_credentials
  return { ...token, Authorization: basicHeader({ username: String(username), password: String(password) }) }
}
