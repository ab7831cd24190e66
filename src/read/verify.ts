/** Credentials of a request, checked as a receiver checks them. Private. */
import { systemClock } from '../core/base/clock.ts'
import { held } from '../core/base/held.ts'
import { silentLogger } from '../core/base/logger.ts'
import { OptionError } from '../errors.ts'
import { keysOf, knownKeys } from '../lib/options.ts'
import { port } from '../lib/symbols.ts'
import type { Auth, Refused, Verify } from '../ports/auth.ts'
import type { Source } from '../ports/provider.ts'
import type { AnyEvent } from '../types.ts'
import { type HeadersLike, toRawHeaders } from './headers.ts'
import { portOf } from './source.ts'

export interface VerifyOptions {
  /** Address of the request, whole or from its path on; needed where it holds the secret: `path` and `query`. */
  readonly url?: string
  /** Address of the sender, for the kinds that count guesses: `jwt` and `custom`. */
  readonly peer?: string
}

export type Verified =
  | {
      readonly ok: true
      /** Label of the credential that let the request in; null where it has none. */
      readonly credential: string | null
    }
  | {
      readonly ok: false
      /**
       * `missing`: absent, malformed or sent twice; `wrong`; or the word of a kind, such as `token_expired` and
       * `keys_unknown` of `jwt`, `custom_failed`. For you: do not tell the sender.
       */
      readonly reason: string
      /** Nobody can tell now. Answer 503: a 401 has a sender throw away a token that may be good. */
      readonly unavailable: boolean
    }

/**
 * Whether the headers of a request hold a credential of the source. Secrets are read with the first call for a source, as
 * a receiver reads them at its start; they are compared in constant time. While the promise is pending the process goes on.
 * @example
 * const verdict = await verify(source, request.headers)
 * const status = verdict.ok ? 200 : verdict.unavailable ? 503 : 401
 * @throws OptionError for what is no source, headers that are none, or an address that is needed and not given
 * @throws PosthornError ERR_SECRET_MISSING, ERR_SECRET_INVALID
 */
export function verify(source: Source<AnyEvent>, headers: HeadersLike, options: VerifyOptions = {}): Promise<Verified> {
  return held(verifyNow(source, headers, options))
}

async function verifyNow(source: Source<AnyEvent>, headers: HeadersLike, options: VerifyOptions): Promise<Verified> {
  const { auth, provider } = portOf('verify', source)
  knownKeys('verify: the options', options, KEYS)
  const head = { rawHeaders: toRawHeaders(headers), target: targetOf(auth, options.url), peer: options.peer }
  const check = await checkOf(auth, provider.name)
  const verdict = await check(head)
  return verdict.ok ? verdict : { ok: false, reason: reasonOf(verdict), unavailable: verdict.unavailable === true }
}

const KEYS = keysOf<VerifyOptions>({ url: true, peer: true })

/** Path and query, as they stand in the address. */
function targetOf(auth: Auth, url: string | undefined): string {
  if (typeof url === 'string') return url.replace(ORIGIN, '')
  const { places } = auth[port]
  if (url !== undefined || (places !== undefined && (places.path !== null || places.query)))
    throw new OptionError(`verify: ${auth.scheme} looks into the address: give { url } as a text`)
  return '/'
}

/** RFC 3986 section 3: scheme and authority. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i

/** The checks of sources that were asked about: reading secrets, and fetching keys, is done once. */
const checks = new WeakMap<Auth, Promise<Verify>>()

function checkOf(auth: Auth, source: string): Promise<Verify> {
  const known = checks.get(auth)
  if (known !== undefined) return known
  const setting = { env: process.env, source, logger: silentLogger, notice() {}, clock: systemClock }
  const prepared = auth[port].prepare(setting)
  checks.set(auth, prepared)
  // The next call tries again.
  prepared.catch(() => checks.delete(auth))
  return prepared
}

function reasonOf({ reason, missing, unavailable }: Refused): string {
  if (missing) return 'missing'
  if (reason === 'credential_wrong' || reason === 'segment_wrong') return 'wrong'
  return reason ?? (unavailable ? 'unavailable' : 'wrong')
}
