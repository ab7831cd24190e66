/** How a webhook of the family authenticates: as its owner writes it, on the wire, and as it is found. */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { knownKeys } from '../../lib/options.ts'
import { assertSecret } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import { assertLogin, recordIn, webAddressIn } from '../api/arguments.ts'
import { textOf } from '../api/settings.ts'

/**
 * - `token`: the `X-MessageSystems-Webhook-Token` header; all that Momentum's own API has
 * - `basic`: HTTP Basic
 * - `oauth2`: SparkPost posts `body` to `url` and sends the `access_token` of the answer as bearer token
 */
export type MomentumHookAuth =
  | 'none'
  | { readonly token: Secret }
  | { readonly basic: { readonly username: string; readonly password: Secret } }
  | { readonly oauth2: { readonly url: string; readonly body: Readonly<Record<string, Secret>> } }

/** How a webhook that was found authenticates; its secrets stay inside. */
export interface FoundAuth {
  readonly kind: 'none' | 'token' | 'basic' | 'oauth2'
  /** Of Basic; else null. */
  readonly username: string | null
  /** Of OAuth 2.0: where tokens are fetched; else null. */
  readonly tokenUrl: string | null
  /** Whether the sender has this secret, as token, password, header, or in the body of a token request. */
  uses(secret: string): boolean
}

/** Fields of a request, and the secrets in them. */
export interface WireFields {
  readonly fields: Readonly<Record<string, unknown>>
  readonly secrets: readonly string[]
}

/** @throws OptionError */
export function assertAuth(what: string, auth: unknown): asserts auth is MomentumHookAuth {
  if (auth === 'none') return
  const given = recordIn(`${what}: auth`, auth)
  knownKeys(`${what}: auth`, given, ['token', 'basic', 'oauth2'])
  if (Object.keys(given).length !== 1) throw new OptionError(`${what}: auth must be one of token, basic, oauth2`)
  if (given.token !== undefined) assertSecret(`${what}: auth: token`, given.token)
  else if (given.basic !== undefined) assertLogin(`${what}: auth: basic`, given.basic)
  else assertOauth(`${what}: auth: oauth2`, given.oauth2)
}

function assertOauth(what: string, oauth2: unknown): void {
  const { url, body } = recordIn(what, oauth2)
  webAddressIn(`${what}: url`, url)
  for (const [name, value] of Object.entries(recordIn(`${what}: body`, body)))
    assertSecret(`${what}: body: ${name}`, value)
}

/** Which of the kinds it is. */
export function kindOfAuth(auth: MomentumHookAuth): FoundAuth['kind'] {
  if (auth === 'none') return 'none'
  if ('token' in auth) return 'token'
  return 'basic' in auth ? 'basic' : 'oauth2'
}

/**
 * The fields of a request. A change says what goes too: `auth_token` stays beside another kind unless it is emptied.
 * @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID
 */
export async function authFields(what: string, auth: MomentumHookAuth, isChange: boolean): Promise<WireFields> {
  const before = isChange ? { auth_type: 'none', auth_token: '' } : {}
  if (auth === 'none') return { fields: before, secrets: [] }
  if ('token' in auth) {
    const token = await textOf(`${what}: auth: token`, auth.token)
    return { fields: { ...before, auth_token: token }, secrets: [token] }
  }
  if ('basic' in auth) {
    const { username } = auth.basic
    const password = await textOf(`${what}: auth: basic: password`, auth.basic.password)
    const fields = { ...before, auth_type: 'basic', auth_credentials: { username, password } }
    return { fields, secrets: [password, basicPair(username, password)] }
  }
  const { url } = auth.oauth2
  const body = await textsOf(`${what}: auth: oauth2: body`, auth.oauth2.body)
  const fields = { ...before, auth_type: 'oauth2', auth_request_details: { url, body } }
  return { fields, secrets: Object.entries(body).flatMap(([name, text]) => (name === 'grant_type' ? [] : [text])) }
}

/** @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
export async function textsOf(
  what: string,
  secrets: Readonly<Record<string, Secret>>,
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const [name, secret] of Object.entries(secrets)) texts[name] = await textOf(`${what}: ${name}`, secret)
  return texts
}

/** As it travels in a header: a target may repeat it in its answer. */
const basicPair = (username: string, password: string): string =>
  Buffer.from(`${username}:${password}`).toString('base64')

/** As the API shows it, with secrets in clear (SparkPost API, Webhooks, June 2026). */
export function foundAuth(wire: Readonly<Record<string, unknown>>): FoundAuth {
  const { auth_type, auth_token, auth_credentials, auth_request_details, custom_headers } = wire
  const [credentials, request] = [auth_credentials, auth_request_details].map((value) => (isObject(value) ? value : {}))
  const requestBody = isObject(request?.body) ? request.body : {}
  const token = typeof auth_token === 'string' ? auth_token : ''
  const headers = isObject(custom_headers) ? Object.values(custom_headers) : []
  const pair = basicPair(String(credentials?.username), String(credentials?.password))
  const secrets = new Set([token, credentials?.password, pair, ...Object.values(requestBody), ...headers])
  return {
    kind: auth_type === 'basic' || auth_type === 'oauth2' ? auth_type : token === '' ? 'none' : 'token',
    username: typeof credentials?.username === 'string' ? credentials.username : null,
    tokenUrl: typeof request?.url === 'string' ? request.url : null,
    uses: (secret) => secret !== '' && secrets.has(secret),
  }
}
