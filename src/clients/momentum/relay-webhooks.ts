/**
 * The Relay Webhooks API: inbound mail.
 * Source: SparkPost API, Relay Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/relay-webhooks.apib).
 */
import { isObject } from '../../lib/guards.ts'
import { keysOf, knownKeys } from '../../lib/options.ts'
import { assertSecret } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import type { Api } from '../api/api.ts'
import type { TargetAnswer } from '../api/api-error.ts'
import { recordIn, segmentOf, signalOf, textIn, webAddressIn } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import { type MomentumApiOptions, momentumApi, resultOf, resultsOf, targetAnswerOf } from './api.ts'
import {
  assertAuth,
  authFields,
  type FoundAuth,
  foundAuth,
  type MomentumHookAuth,
  textsOf,
  type WireFields,
} from './auth.ts'

/** Relay webhooks know no Basic; `oauth2` and a token may stand together, and then `auth` has the kind that decides. */
export type RelayHookAuth = Exclude<MomentumHookAuth, { readonly basic: unknown }>

export interface RelayWebhookSettings {
  readonly name: string
  readonly target: string
  /** The inbound domain whose mail is relayed; it must be registered, and have no other relay webhook. */
  readonly domain: string
  /** Default `none`. */
  readonly auth?: RelayHookAuth
  /** Up to 5, below 3 000 bytes; a change replaces all of them. */
  readonly customHeaders?: Readonly<Record<string, Secret>>
}

export interface RelayWebhook {
  /** Decimal digits. */
  readonly id: string
  readonly name: string
  readonly target: string
  readonly domain: string
  readonly auth: FoundAuth
  /** Names alone. */
  readonly customHeaders: readonly string[]
}

/** Each call rejects with an `ApiError`. */
export interface MomentumRelayWebhooks {
  /** @throws ApiError ERR_API_REJECTED for a domain that is not registered, or in use */
  create(settings: RelayWebhookSettings, options?: CallOptions): Promise<{ readonly id: string }>
  list(options?: CallOptions): Promise<readonly RelayWebhook[]>
  get(id: string, options?: CallOptions): Promise<RelayWebhook>
  /** Changes what the patch names. */
  update(id: string, patch: Partial<RelayWebhookSettings>, options?: CallOptions): Promise<{ readonly id: string }>
  delete(id: string, options?: CallOptions): Promise<void>
  /** Has the sender post a sample message to the target, and resolves with its answer. */
  validate(id: string, options?: CallOptions): Promise<TargetAnswer>
}

const NAME = 'momentumRelayWebhooks'
const BASE = '/api/v1/relay-webhooks'
const KEYS = keysOf<RelayWebhookSettings>({ name: true, target: true, domain: true, auth: true, customHeaders: true })

/**
 * A client of the Relay Webhooks API.
 *
 * @example
 * const relays = momentumRelayWebhooks({ apiKey: { env: 'SPARKPOST_API_KEY' } })
 * await relays.create({ name: 'replies', target: 'https://hooks.example.com/webhooks/replies', domain: 'in.example.com' })
 * @throws OptionError for an option that is wrong or unknown
 */
export function momentumRelayWebhooks(options: MomentumApiOptions): MomentumRelayWebhooks {
  return new Client(momentumApi(NAME, options))
}

class Client implements MomentumRelayWebhooks {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async create(settings: RelayWebhookSettings, options?: CallOptions): Promise<{ readonly id: string }> {
    const [what, signal] = [`${NAME}: create`, signalOf(NAME, options)]
    assertSettings(what, settings)
    for (const name of ['name', 'target', 'domain'] as const) textIn(`${what}: ${name}`, settings[name])
    const { fields, secrets } = await wireOf(what, settings, false)
    const answer = await this.#api.call({ method: 'POST', path: BASE, body: fields, secrets, signal })
    return { id: String(resultOf(what, answer).id) }
  }

  async list(options?: CallOptions): Promise<readonly RelayWebhook[]> {
    const answer = await this.#api.call({ method: 'GET', path: BASE, signal: signalOf(NAME, options) })
    return resultsOf(`${NAME}: list`, answer).map((wire) => relayFrom(wire, String(wire.id)))
  }

  async get(id: string, options?: CallOptions): Promise<RelayWebhook> {
    const path = pathOf('get', id)
    const answer = await this.#api.call({ method: 'GET', path, signal: signalOf(NAME, options) })
    return relayFrom(resultOf(`${NAME}: get`, answer), id)
  }

  async update(
    id: string,
    patch: Partial<RelayWebhookSettings>,
    options?: CallOptions,
  ): Promise<{ readonly id: string }> {
    const [what, path, signal] = [`${NAME}: update`, pathOf('update', id), signalOf(NAME, options)]
    assertSettings(what, patch)
    const { fields, secrets } = await wireOf(what, patch, true)
    await this.#api.call({ method: 'PUT', path, body: fields, secrets, signal })
    return { id }
  }

  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#api.call({ method: 'DELETE', path: pathOf('delete', id), signal: signalOf(NAME, options) })
  }

  async validate(id: string, options?: CallOptions): Promise<TargetAnswer> {
    const [path, signal] = [`${pathOf('validate', id)}/validate`, signalOf(NAME, options)]
    const answer = await this.#api.call({ method: 'POST', path, signal })
    const { response } = resultOf(`${NAME}: validate`, answer)
    return targetAnswerOf(response) ?? { status: null, headers: {}, body: '' }
  }
}

const pathOf = (method: string, id: unknown) => `${BASE}/${segmentOf(`${NAME}: ${method}`, id)}`

function assertSettings(what: string, settings: Partial<RelayWebhookSettings>): void {
  knownKeys(what, settings, KEYS)
  const { target, auth, customHeaders = {} } = settings
  if (target !== undefined) webAddressIn(`${what}: target`, target)
  if (auth !== undefined) assertAuth(what, auth)
  for (const [name, secret] of Object.entries(recordIn(`${what}: customHeaders`, customHeaders)))
    assertSecret(`${what}: customHeaders: ${name}`, secret)
}

async function wireOf(what: string, settings: Partial<RelayWebhookSettings>, isChange: boolean): Promise<WireFields> {
  const { name, target, domain, auth, customHeaders } = settings
  const own = auth === undefined ? { fields: {}, secrets: [] } : await authFields(what, auth, isChange)
  const headers = customHeaders === undefined ? undefined : await textsOf(`${what}: customHeaders`, customHeaders)
  const match = domain === undefined ? {} : { match: { domain } }
  const fields = { name, target, custom_headers: headers, ...match, ...own.fields }
  return { fields, secrets: [...own.secrets, ...Object.values(headers ?? {})] }
}

function relayFrom(wire: Readonly<Record<string, unknown>>, id: string): RelayWebhook {
  const { name, target, match, custom_headers } = wire
  return {
    id,
    name: String(name ?? ''),
    target: String(target ?? ''),
    domain: isObject(match) ? String(match.domain) : '',
    auth: foundAuth(wire),
    customHeaders: isObject(custom_headers) ? Object.keys(custom_headers) : [],
  }
}
