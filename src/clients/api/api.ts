/** Calls of a sender's HTTP API: within a time limit, without redirects, repeated only where that is safe. */
import { held } from '../../core/base/held.ts'
import type { Clock } from '../../ports/clock.ts'
import { type Answer, type Failure, judge, type Reading, type Refusal, textOf, unusable } from './answer.ts'

/** What authorizes a call, and the secrets in it. */
export interface Login {
  readonly authorization: string
  readonly secrets: readonly string[]
}

export interface ApiSettings {
  /** How messages call the client. */
  readonly name: string
  /** Without a slash at the end. */
  readonly baseUrl: string
  /** Read anew for every call, so that a key can change while the client lives. */
  readonly login: () => Promise<Login>
  readonly headers: Readonly<Record<string, string>>
  /** For one try, to the last byte of its answer. */
  readonly timeoutMs: number
  readonly refusalOf: (body: unknown) => Refusal
  readonly clock: Clock
}

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** `/api/v1/webhooks`; without query, since it stands in messages. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number>>
  readonly body?: unknown
  /** Secrets in the body. */
  readonly secrets?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** Tries of one call: one, and three more. */
const TRIES = 4
/** Doubles with each try: SparkPost asks to wait 1 to 5 s after a 429. */
const FIRST_WAIT_MS = 1_000
/** Who is asked to wait longer is told so at once. */
const LONGEST_WAIT_MS = 60_000

export class Api {
  readonly #settings: ApiSettings

  constructor(settings: ApiSettings) {
    this.#settings = settings
  }

  get clock(): Clock {
    return this.#settings.clock
  }

  /**
   * The answer, when it says yes. A 429 is waited for and tried again, whatever the call, since it did nothing; no
   * connection and a 5xx only where the call changes nothing.
   * @throws ApiError; what the signal gives as its reason
   */
  call(call: ApiCall): Promise<Answer> {
    return held(this.#tries(call))
  }

  async #tries(call: ApiCall): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      call.signal?.throwIfAborted()
      const outcome = await this.#once(call)
      if (!('error' in outcome)) return outcome
      const waitMs = waitBefore(outcome, call, tried)
      if (waitMs === null) throw outcome.error
      await pause(this.#settings.clock, waitMs, call.signal)
    }
  }

  async #once(call: ApiCall): Promise<Answer | Failure> {
    const { name, clock, refusalOf, login } = this.#settings
    const { authorization, secrets } = await login()
    const all = [...secrets, ...(call.secrets ?? [])]
    const reading = { what: `${name}: ${call.method} ${call.path}`, secrets: all, now: clock.now(), refusalOf }
    return this.#exchange(call, authorization, reading)
  }

  async #exchange(call: ApiCall, authorization: string, reading: Reading): Promise<Answer | Failure> {
    const { clock, timeoutMs } = this.#settings
    const late = new AbortController()
    const cancel = clock.after(timeoutMs, () => late.abort())
    try {
      const signal = call.signal === undefined ? late.signal : AbortSignal.any([late.signal, call.signal])
      const response = await fetch(this.#urlOf(call), { ...this.#requestOf(call, authorization), signal })
      return judge(response, await textOf(response), reading)
    } catch (error) {
      call.signal?.throwIfAborted()
      const why = late.signal.aborted ? `no whole answer within ${timeoutMs} ms` : `no whole answer: ${kindOf(error)}`
      return unusable(reading, why, null, true)
    } finally {
      cancel()
    }
  }

  #urlOf({ path, query = {} }: ApiCall): string {
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    )
    return `${this.#settings.baseUrl}${path}${search.size === 0 ? '' : `?${search}`}`
  }

  #requestOf({ method, body }: ApiCall, authorization: string): RequestInit {
    const content = body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { accept: 'application/json', ...this.#settings.headers, ...content, authorization }
    // A redirect could lead the key to anybody.
    return { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  }
}

/** The code of what the connection said; its message may quote what was sent. */
function kindOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown; message?: unknown }; name?: unknown }
  // Ports of other protocols (fetch.spec.whatwg.org, "port blocking"): nobody was asked.
  if (cause?.message === 'bad port') return 'fetch does not connect to this port'
  return typeof cause?.code === 'string' ? cause.code : String(name)
}

/** Null: no further try. */
function waitBefore({ error, passes }: Failure, { method }: ApiCall, tried: number): number | null {
  const again = error.code === 'ERR_API_RATE_LIMITED' || (passes && method === 'GET')
  const waitMs = error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (tried - 1)
  return again && tried < TRIES && waitMs <= LONGEST_WAIT_MS ? waitMs : null
}

export function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = () => reject(signal?.reason)
  const cancel = clock.after(ms, resolve)
  signal?.addEventListener('abort', stop, { once: true })
  return promise.finally(() => {
    cancel()
    signal?.removeEventListener('abort', stop)
  })
}
