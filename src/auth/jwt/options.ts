/** The options of `jwt`, checked and settled where they are written. */
import { createPublicKey } from 'node:crypto'
import { OptionError } from '../../errors.ts'
import { keysOf, knownKeys, wholeNumber } from '../../lib/options.ts'

/** Signatures with a public key only (RFC 7518 section 3.1, RFC 8037, RFC 9864): a shared secret is what `bearer` takes. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

export type JwtAlgorithm = (typeof ALGORITHMS)[number]

/** Public keys of an issuer (RFC 7517 section 5). */
export interface PublicKeys {
  readonly keys: readonly object[]
}

interface Common {
  /** `iss` must be this, or one of these. */
  readonly issuer: string | readonly string[]
  /** `aud` must be this, or one of these, or have one of them among others. */
  readonly audience: string | readonly string[]
  /** Default: RS256 to RS512, PS256 to PS512, ES256 to ES512, EdDSA, Ed25519. Name those your issuer uses. */
  readonly algorithms?: readonly JwtAlgorithm[]
  /** A token whose whole life, `exp` − `iat`, is longer is refused. Default 86_400. */
  readonly maxLifetimeSeconds?: number
  /** How far clocks may differ. Default 5, at most 60. */
  readonly clockToleranceSeconds?: number
  /** `typ` of the header, `at+jwt` for access tokens (RFC 9068 section 2.1): keeps ID tokens out. Default: any. */
  readonly type?: string
  /** Scopes that a token must all have, in `scope` or `scp`. */
  readonly scopes?: readonly string[]
  /** The clients of the issuer that may post, by `client_id` or `azp`. Without, every client of the issuer may. */
  readonly clients?: readonly string[]
  /** The subjects that may post, by `sub`. */
  readonly subjects?: readonly string[]
  /** What the deliveries and the metrics show as the credential. Default: the client, else the subject, that matched. */
  readonly label?: string
}

interface LocalKeys {
  /** The keys themselves. */
  readonly keys: PublicKeys
  readonly jwksUrl?: undefined
}

interface RemoteKeys {
  /** Where the issuer publishes its keys; https. Fetched at the start, then every ten minutes while tokens come. */
  readonly jwksUrl: string
  readonly keys?: undefined
  /** How long the last keys hold while the issuer cannot be reached. Default 86_400. */
  readonly staleKeysSeconds?: number
  /** One fetch may take this long, in ms. Default 2_000: senders give up after 6 s. */
  readonly fetchTimeoutMs?: number
  /** In the place of the global `fetch`: for a proxy, or an authority of your own. */
  readonly fetch?: typeof fetch
}

export type JwtOptions = Common & (LocalKeys | RemoteKeys)

/** Settled. */
export interface JwtRules {
  readonly issuers: readonly string[]
  readonly audiences: readonly string[]
  /** HS256 is for tokens that are issued here, with a key that nobody else has. */
  readonly algorithms: readonly (JwtAlgorithm | 'HS256')[]
  readonly maxLifetimeSeconds: number
  readonly clockToleranceSeconds: number
  readonly type: string | null
  readonly scopes: readonly string[]
  readonly clients: readonly string[] | null
  readonly subjects: readonly string[] | null
  readonly label: string | null
}

export interface RemoteRules {
  readonly url: URL
  readonly staleMs: number
  readonly timeoutMs: number
  readonly fetch: typeof fetch
}

const KEYS = keysOf<JwtOptions>({
  ...{ issuer: true, audience: true, algorithms: true, maxLifetimeSeconds: true, clockToleranceSeconds: true },
  ...{ type: true, scopes: true, clients: true, subjects: true, label: true },
  ...{ keys: true, jwksUrl: true, staleKeysSeconds: true, fetchTimeoutMs: true, fetch: true },
})

/** @throws OptionError */
export function settleRules(options: JwtOptions): JwtRules {
  knownKeys('jwt', options, KEYS)
  const { algorithms = ALGORITHMS, type, scopes, clients, subjects, label } = options
  for (const one of texts('algorithms', algorithms))
    if (!ALGORITHMS.some((known) => known === one))
      throw new OptionError(`jwt: algorithms can be ${ALGORITHMS.join(', ')}; a shared secret is for bearer()`)
  return {
    issuers: texts('issuer', options.issuer),
    audiences: texts('audience', options.audience),
    algorithms: [...algorithms],
    maxLifetimeSeconds: wholeNumber('jwt: maxLifetimeSeconds', options.maxLifetimeSeconds, 86_400, 1),
    clockToleranceSeconds: wholeNumber('jwt: clockToleranceSeconds', options.clockToleranceSeconds, 5, 0, 60),
    type: type === undefined ? null : texts('type', type)[0]!,
    scopes: scopes === undefined ? [] : texts('scopes', scopes),
    clients: clients === undefined ? null : texts('clients', clients),
    subjects: subjects === undefined ? null : texts('subjects', subjects),
    label: label === undefined ? null : texts('label', label)[0]!,
  }
}

/** A text or a list of them, none of them blank: an empty environment variable must not become a rule. */
function texts(name: string, value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? [...value] : [value]
  if (list.length > 0 && list.every((one): one is string => typeof one === 'string' && one.trim() !== '')) return list
  throw new OptionError(`jwt: expected ${name} to be a text that is not blank, or a list of such`)
}

/**
 * A copy of local keys, each of which can be read.
 * @throws OptionError when one is private, or too short, or nobody's
 */
export function settleKeys(given: PublicKeys): { keys: object[] } {
  const keys: unknown = given?.keys
  if (!Array.isArray(keys) || keys.length === 0) throw new OptionError('jwt: expected keys to be { keys: [key, …] }')
  for (const [index, key] of keys.entries()) checkKey(index, key)
  return structuredClone({ keys })
}

function checkKey(index: number, key: unknown): void {
  const refuse = (why: string) => new OptionError(`jwt: key ${index} ${why}`)
  if (typeof key !== 'object' || key === null || !('kty' in key)) throw refuse('is no JSON Web Key')
  if ('d' in key || 'k' in key) throw refuse('is a secret: give the public key')
  const bits = bitsOf(key)
  if (bits === null) throw refuse('cannot be read')
  // RFC 7518 section 3.3.
  if (key.kty === 'RSA' && bits < 2048) throw refuse('is an RSA key of fewer than 2048 bits')
}

/** null when it cannot be read; 0 where it is of a kind without a modulus. */
function bitsOf(key: object): number | null {
  try {
    return createPublicKey({ key: { ...key }, format: 'jwk' }).asymmetricKeyDetails?.modulusLength ?? 0
  } catch {
    return null
  }
}

/** @throws OptionError when the address is not https, carries credentials, or leads to this machine or its link */
export function settleRemote(options: JwtOptions & RemoteKeys): RemoteRules {
  const { jwksUrl, fetch: fetcher = fetch, staleKeysSeconds, fetchTimeoutMs } = options
  if (typeof fetcher !== 'function') throw new OptionError('jwt: fetch must be a function')
  return {
    url: checkedUrl(jwksUrl),
    staleMs: wholeNumber('jwt: staleKeysSeconds', staleKeysSeconds, 86_400, 0, 31_536_000) * 1_000,
    timeoutMs: wholeNumber('jwt: fetchTimeoutMs', fetchTimeoutMs, 2_000, 1, 60_000),
    fetch: fetcher,
  }
}

function checkedUrl(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null
  // Not the address in the message: somebody may have written a secret into it.
  if (url === null || url.protocol !== 'https:') throw new OptionError('jwt: expected jwksUrl to be an https address')
  if (url.username !== '' || url.password !== '') throw new OptionError('jwt: jwksUrl must not carry credentials')
  if (LOCAL.test(url.hostname)) throw new OptionError('jwt: jwksUrl must not lead to this machine or its own link')
  return url
}

/** As the URL parser writes them: decimal, octal and shortened addresses are dotted quads by then. */
const LOCAL = /^(?:127\.|169\.254\.|0\.0\.0\.0$|(?:.+\.)?localhost\.?$|\[::1?\]$|\[fe[89ab]|\[::ffff:(?:7f|a9fe:|0:))/
