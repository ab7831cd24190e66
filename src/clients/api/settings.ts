/** The options that every client takes. */
import { systemClock } from '../../core/base/clock.ts'
import { OptionError, PosthornError } from '../../errors.ts'
import { kindOf, LONGEST_TIMER_MS, wholeNumber } from '../../lib/options.ts'
import { assertSecret, readSecret, secretMissing } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import type { Refusal } from './answer.ts'
import { Api, type Login } from './api.ts'

/** The last argument of every call. */
export interface CallOptions {
  /** Ends the call, its waits included; it rejects with the reason of the signal. */
  readonly signal?: AbortSignal
}

/** What a client adds to the options of its caller. */
export interface ApiParts {
  readonly name: string
  readonly baseUrl: string
  readonly login: () => Promise<Login>
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: unknown
  readonly refusalOf: (body: unknown) => Refusal
}

/** A sender that tests a target gives it 10 s for its answer. */
const DEFAULT_TIMEOUT_MS = 30_000

/** @throws OptionError */
export function createApi({ name, timeoutMs, headers = {}, ...parts }: ApiParts): Api {
  const limit = wholeNumber(`${name}: timeoutMs`, timeoutMs, DEFAULT_TIMEOUT_MS, 1, LONGEST_TIMER_MS)
  return new Api({ ...parts, name, headers, timeoutMs: limit, clock: systemClock })
}

/**
 * The address without a slash at the end and without `suffix`, with which documents print it.
 * @throws OptionError for what is no web address, or has a login in it
 */
export function baseUrlOf(name: string, value: unknown, suffix: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.username !== '' ||
    url.password !== ''
  )
    throw new OptionError(
      `${name}: baseUrl must be an http or https address without login and query, got ${kindOf(value)}`,
    )
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${path.endsWith(suffix) ? path.slice(0, path.length - suffix.length) : path}`
}

/** Reads the secret anew with every call. @throws OptionError for what is no secret; ERR_SECRET_MISSING (rejects) */
export function secretReader(what: string, secret: unknown): () => Promise<string> {
  assertSecret(what, secret)
  return () => textOf(what, secret)
}

/** @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
export async function textOf(what: string, secret: Secret): Promise<string> {
  const text = await readSecret(what, secret, process.env)
  if (text === null) throw secretMissing(what, 'it is not set')
  return text
}

/** The key as it is. @throws ERR_SECRET_INVALID (rejects) for one that no header can carry: `fetch` would quote it */
export function keyLogin(what: string, key: () => Promise<string>): () => Promise<Login> {
  return async () => {
    const authorization = await key()
    if (!/^[\x21-\x7e]+$/.test(authorization))
      throw new PosthornError('ERR_SECRET_INVALID', `${what}: has characters that no header can carry`)
    return { authorization, secrets: [authorization] }
  }
}

export function basicLogin(user: () => Promise<string>, password: () => Promise<string>): () => Promise<Login> {
  return async () => {
    const pair = `${await user()}:${await password()}`
    const encoded = Buffer.from(pair).toString('base64')
    return { authorization: `Basic ${encoded}`, secrets: [encoded, ...pair.split(':')] }
  }
}
