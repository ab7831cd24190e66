/**
 * The Events API: events of the last 10 days, by cursor.
 * Source: SparkPost API, Events (github.com/SparkPost/developers.sparkpost.com, content/api/events.apib).
 */
import { isObject } from '../../lib/guards.ts'
import { keysOf, knownKeys, wholeNumber } from '../../lib/options.ts'
import type { Api } from '../api/api.ts'
import { checkedSignal, instantIn, textsIn } from '../api/arguments.ts'
import type { PullClient, PullOptions, PullPage } from '../api/pull.ts'
import type { CallOptions } from '../api/settings.ts'
import { type MomentumApiOptions, momentumApi, resultsOf } from './api.ts'
import { CLASS_OF } from './event-types.ts'
import { webhookLinks } from './links.ts'

export interface SparkPostEventsOptions extends PullOptions, CallOptions {
  /** Default: all types. */
  readonly events?: readonly string[]
  /** Events in a page, 1 to 10 000. Default 1 000. */
  readonly perPage?: number
}

/** Each call rejects with an `ApiError`. */
export interface SparkPostEvents extends PullClient {
  /**
   * The events from `since` to `until`, whose minutes count whole, the latest first; each in the envelope of the webhook:
   * `{ msys: { track_event: { … } } }`, with the time in Unix seconds and the identifiers of accounts as text.
   */
  pages(options: SparkPostEventsOptions): AsyncGenerator<PullPage>
}

const NAME = 'sparkpostEvents'
const PATH = '/api/v1/events/message'
const KEYS = keysOf<SparkPostEventsOptions>({
  ...{ since: true, until: true, events: true, perPage: true, signal: true },
})

/**
 * A client of SparkPost's Events API: for what webhooks lost.
 *
 * @example
 * const events = sparkpostEvents({ apiKey: { env: 'SPARKPOST_API_KEY' } })
 * for await (const { events: page } of events.pages({ since: new Date(Date.now() - 3_600_000) })) console.log(page.length)
 * @throws OptionError for an option that is wrong or unknown
 */
export function sparkpostEvents(options: MomentumApiOptions): SparkPostEvents {
  return new Client(momentumApi(NAME, options))
}

class Client implements SparkPostEvents {
  readonly marginMs = 0
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async *pages(options: SparkPostEventsOptions): AsyncGenerator<PullPage> {
    const signal = checkedSignal(NAME, options?.signal)
    let query: Readonly<Record<string, string | number>> | null = queryOf(options, this.#api.clock.now())
    while (query !== null) {
      const answer = await this.#api.call({ method: 'GET', path: PATH, query, signal })
      const results = resultsOf(NAME, answer)
      const { total_count } = isObject(answer.body) ? answer.body : {}
      yield { events: results.map(inEnvelope), total: typeof total_count === 'number' ? total_count : null }
      query = nextOf(answer.body)
    }
  }
}

/** `YYYY-MM-DDTHH:MM`, in UTC. */
function queryOf(options: SparkPostEventsOptions, now: number): Readonly<Record<string, string | number>> {
  knownKeys(`${NAME}: pages`, options, KEYS)
  const { events, perPage, until = new Date(now) } = options
  return {
    from: minuteOf(instantIn(`${NAME}: since`, options.since)),
    to: minuteOf(new Date(instantIn(`${NAME}: until`, until).getTime() + 59_999)),
    per_page: wholeNumber(`${NAME}: perPage`, perPage, 1_000, 1, 10_000),
    cursor: 'initial',
    ...(events === undefined ? {} : { events: textsIn(`${NAME}: events`, events).join() }),
  }
}

const minuteOf = (date: Date): string => date.toISOString().slice(0, 16)

/** What the link to the next page asks for; its host is not followed, since the key would go there. */
function nextOf(body: unknown): Readonly<Record<string, string>> | null {
  const found = webhookLinks(isObject(body) ? body.links : []).find(({ rel }) => rel === 'next')
  if (found === undefined) return null
  return Object.fromEntries(new URL(found.path, 'http://localhost').searchParams)
}

/** Flat objects of the Events API have an ISO time, and numbers for the ids of accounts in places. */
function inEnvelope(event: Readonly<Record<string, unknown>>): object {
  const nativeClass = CLASS_OF.get(String(event.type)) ?? 'message_event'
  return { msys: { [nativeClass]: { ...event, ...secondsOf(event.timestamp), ...idsOf(event) } } }
}

function secondsOf(timestamp: unknown): object {
  const ms = typeof timestamp === 'string' && timestamp.includes('T') ? Date.parse(timestamp) : Number.NaN
  return Number.isNaN(ms) ? {} : { timestamp: String(Math.floor(ms / 1_000)) }
}

const IDS = ['customer_id', 'subaccount_id'] as const

const idsOf = (event: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(IDS.flatMap((name) => (typeof event[name] === 'number' ? [[name, String(event[name])]] : [])))
