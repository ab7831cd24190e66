/** `/v3/REST/parseroute`: where Mailjet posts inbound mail to (Mailjet Parse API guide, 2023). */
import { keysOf, knownKeys } from '../../lib/options.ts'
import type { Api } from '../api/api.ts'
import { assertLogin, segmentOf, signalOf, textIn } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import { allRecords, type MailjetApiOptions, mailjetApi, recordOf, type Wire } from './api.ts'
import { type AddressLogin, assertPlainUrl, splitUrl, withLogin } from './callback.ts'

export interface MailjetParseRouteSettings {
  /** Not a bare root. Without a login: that is `auth`. */
  readonly url: string
  /** Sent as HTTP Basic. Default none. */
  readonly auth?: AddressLogin
  /** The address that mail comes to. Default: Mailjet gives one at `parse-in1.mailjet.com`. */
  readonly email?: string
}

export interface MailjetParseRoute {
  readonly id: number
  readonly email: string
  /** Without the login. */
  readonly url: string
  readonly username: string | null
  /** Whether the login in the address has this password. */
  uses(password: string): boolean
}

/** Each call rejects with an `ApiError`. */
export interface MailjetParseRoutes {
  list(options?: CallOptions): Promise<readonly MailjetParseRoute[]>
  /** @throws ApiError ERR_API_REJECTED for an address that has a route */
  create(settings: MailjetParseRouteSettings, options?: CallOptions): Promise<MailjetParseRoute>
  /** Gives the route another address to post to. @throws ApiError ERR_API_NOT_FOUND */
  update(
    id: number,
    settings: Omit<MailjetParseRouteSettings, 'email'>,
    options?: CallOptions,
  ): Promise<MailjetParseRoute>
  /** @throws ApiError ERR_API_NOT_FOUND */
  delete(id: number, options?: CallOptions): Promise<void>
}

const NAME = 'mailjetParseRoutes'
const BASE = '/v3/REST/parseroute'
const KEYS = keysOf<MailjetParseRouteSettings>({ url: true, auth: true, email: true })
const CHANGES = keysOf<Omit<MailjetParseRouteSettings, 'email'>>({ url: true, auth: true })

/**
 * A client of Mailjet's parse routes.
 *
 * @example
 * const routes = mailjetParseRoutes({ apiKey: { env: 'MJ_KEY' }, apiSecret: { env: 'MJ_SECRET' } })
 * const { email } = await routes.create({ url: 'https://hooks.example.com/webhooks/inbound' })
 * @throws OptionError for an option that is wrong or unknown
 */
export function mailjetParseRoutes(options: MailjetApiOptions): MailjetParseRoutes {
  return new Client(mailjetApi(NAME, options))
}

class Client implements MailjetParseRoutes {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async list(options?: CallOptions): Promise<readonly MailjetParseRoute[]> {
    const records = await allRecords(this.#api, NAME, BASE, signalOf(NAME, options))
    return records.map(routeFrom)
  }

  async create(settings: MailjetParseRouteSettings, options?: CallOptions): Promise<MailjetParseRoute> {
    const [what, signal] = [`${NAME}: create`, signalOf(NAME, options)]
    const { url, secrets } = await addressOf(what, settings, KEYS)
    const email = settings.email === undefined ? {} : { Email: textIn(`${what}: email`, settings.email) }
    const body = { Url: url, ...email }
    const answer = await this.#api.call({ method: 'POST', path: BASE, body, secrets, signal })
    return routeFrom(recordOf(what, answer))
  }

  async update(
    id: number,
    settings: Omit<MailjetParseRouteSettings, 'email'>,
    options?: CallOptions,
  ): Promise<MailjetParseRoute> {
    const [what, path, signal] = [`${NAME}: update`, pathOf('update', id), signalOf(NAME, options)]
    const { url, secrets } = await addressOf(what, settings, CHANGES)
    await this.#api.call({ method: 'PUT', path, body: { Url: url }, secrets, signal })
    return routeFrom(recordOf(what, await this.#api.call({ method: 'GET', path, signal })))
  }

  async delete(id: number, options?: CallOptions): Promise<void> {
    await this.#api.call({ method: 'DELETE', path: pathOf('delete', id), signal: signalOf(NAME, options) })
  }
}

const pathOf = (method: string, id: unknown) => `${BASE}/${segmentOf(`${NAME}: ${method}`, id)}`

function addressOf(what: string, settings: MailjetParseRouteSettings, keys: readonly string[]) {
  knownKeys(what, settings, keys)
  assertPlainUrl(`${what}: url`, settings.url)
  if (settings.auth !== undefined) assertLogin(`${what}: auth`, settings.auth)
  return withLogin(what, settings.url, settings.auth)
}

function routeFrom(wire: Wire): MailjetParseRoute {
  const { url, username, password } = splitUrl(String(wire.Url ?? ''))
  return {
    id: Number(wire.ID),
    email: String(wire.Email ?? ''),
    url,
    username: username === '' ? null : username,
    uses: (secret) => secret !== '' && secret === password,
  }
}
