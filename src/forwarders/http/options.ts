/** The options of the forwarder over HTTP, checked. */
import { OptionError } from '../../errors.ts'
import { assertFunction, keysOf, kindOf, knownKeys, LONGEST_TIMER_MS, wholeNumber } from '../../lib/options.ts'
import type { Secrets } from '../../types.ts'
import type { BodyOf } from '../kit/message.ts'
import type { AnswerLike } from './answer.ts'
import { type Sign, signWith } from './signature.ts'

/** As much of `fetch` as is called: that of Node, or of the package undici. */
export type FetchLike = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Record<string, string>
    readonly body: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<AnswerLike>

export interface HttpForwardOptions<E> {
  /** Where events are posted, http or https. A secret in its query or its path stands in no error. */
  readonly url: string | URL
  /**
   * What messages are signed with, `whsec_` and base64: the consumer has one of them. During a rotation list both, and take
   * the old one away when the consumer has the new one.
   */
  readonly secrets: Secrets
  /** What is posted of an event, as JSON. Default: the event. */
  readonly body?: BodyOf<E>
  /** More headers, such as an `authorization` of your own gateway. */
  readonly headers?: Readonly<Record<string, string>>
  /** For one post, to the head of its answer, in ms. Default 15_000. */
  readonly timeoutMs?: number
  /** Statuses with which trying again is pointless: the event becomes a dead letter at once. Default 410, 413, 422. */
  readonly permanent?: readonly number[]
  /** Default: that of Node. */
  readonly fetch?: FetchLike
}

export interface HttpSettings<E> {
  readonly url: string
  /** How messages call the consumer. */
  readonly host: string
  readonly sign: Sign
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly permanent: readonly number[]
  readonly fetch: FetchLike
  readonly bodyOf: BodyOf<E>
  readonly now: () => number
}

const KEYS = keysOf<HttpForwardOptions<never>>({
  url: true,
  secrets: true,
  body: true,
  headers: true,
  timeoutMs: true,
  permanent: true,
  fetch: true,
})

/**
 * Not 400: consumers give it to signatures that they cannot verify, which a rotation mends. Not 401, 403 and 404: they are
 * about the consumer, not about the event.
 */
const PERMANENT = [410, 413, 422]
const DEFAULT_TIMEOUT_MS = 15_000

/** @throws OptionError */
export function settingsOf<E>(options: HttpForwardOptions<E>): HttpSettings<E> {
  knownKeys('forward', options, KEYS)
  assertFunction('forward: body', options.body)
  assertFunction('forward: fetch', options.fetch)
  const url = urlOf(options.url)
  const now = () => Date.now()
  const { permanent = PERMANENT } = options
  return {
    url: url.href,
    host: url.host,
    sign: signWith(options.secrets, now),
    headers: headersOf(options.headers),
    timeoutMs: wholeNumber('forward: timeoutMs', options.timeoutMs, DEFAULT_TIMEOUT_MS, 1, LONGEST_TIMER_MS),
    permanent: statusesOf(permanent),
    // Looked up with each call, since tests put another in its place.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    bodyOf: options.body ?? ((event) => event),
    now,
  }
}

function urlOf(given: unknown): URL {
  const text = given instanceof URL ? given.href : given
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '')
    throw new OptionError(
      `forward: url must be an http or https address without login and fragment, got ${kindOf(given)}`,
    )
  return url
}

/** Names in lower case. The value of a header may be a secret, and stands in no message. */
function headersOf(given: unknown = {}): Record<string, string> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new OptionError(`forward: headers must be an object of texts, got ${kindOf(given)}`)
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const name = key.toLowerCase()
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new OptionError('forward: headers has a name that is none')
      if (/^(webhook-.*|content-type|content-length|host)$/.test(name))
        throw new OptionError(`forward: headers must not have ${name}, which the forwarder writes`)
      if (typeof value !== 'string' || !/^[\t\x20-\x7e]*$/.test(value))
        throw new OptionError(`forward: headers: ${name} must be a text of ASCII on one line, got ${kindOf(value)}`)
      return [name, value]
    }),
  )
}

function statusesOf(given: unknown): readonly number[] {
  if (Array.isArray(given) && given.every((status) => Number.isInteger(status) && status >= 400 && status <= 599))
    return [...given]
  throw new OptionError(`forward: permanent must be a list of statuses from 400 to 599, got ${kindOf(given)}`)
}
