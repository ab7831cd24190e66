/** `/v3/REST/eventcallbackurl`: where Mailjet posts events to (Mailjet API reference; recorded answers of 2021 and 2025). */

import { OptionError } from '../../errors.ts'
import { keysOf, kindOf, knownKeys } from '../../lib/options.ts'
import type { Api } from '../api/api.ts'
import { ApiError } from '../api/api-error.ts'
import { assertLogin, segmentOf, signalOf, textIn } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import { allRecords, type MailjetApiOptions, mailjetApi, recordOf } from './api.ts'
import {
  type AddressLogin,
  assertPlainUrl,
  callbackFrom,
  type MailjetCallback,
  type MailjetHookEvent,
  splitUrl,
  versionIn,
  withLogin,
} from './callback.ts'

export interface MailjetCallbackSettings {
  readonly eventType: MailjetHookEvent | (string & {})
  /** Without a login: that is `auth`. */
  readonly url: string
  /** Sent as HTTP Basic. Default: none; a record that has a login loses it. */
  readonly auth?: AddressLogin
  /** 1: one event a post; 2: arrays of what happened in a second. Default 2. */
  readonly version?: 1 | 2
  /** The address while the first one is suspended. Default false. */
  readonly isBackup?: boolean
}

export interface EnsuredCallback {
  readonly callback: MailjetCallback
  readonly change: 'created' | 'updated' | 'none'
}

/** Each call rejects with an `ApiError`. */
export interface MailjetEventCallbacks {
  /** All records of the API key, beyond the ten that the API shows unasked. */
  list(options?: CallOptions): Promise<readonly MailjetCallback[]>
  /**
   * Sees to it that the record of this event type and backup flag is as asked, and alive: changes it, or creates one where
   * there is none. Lists first: what a second POST for the same type does is not documented.
   */
  ensure(settings: MailjetCallbackSettings, options?: CallOptions): Promise<EnsuredCallback>
  /** @throws ApiError ERR_API_NOT_FOUND */
  delete(id: number, options?: CallOptions): Promise<void>
  /**
   * Makes a suspended address alive again.
   * @throws ApiError ERR_API_REJECTED when it stays dead: then `ensure` with another address revives it, as documented
   */
  revive(id: number, options?: CallOptions): Promise<MailjetCallback>
}

const NAME = 'mailjetEventCallbacks'
const BASE = '/v3/REST/eventcallbackurl'
const KEYS = keysOf<MailjetCallbackSettings>({ eventType: true, url: true, auth: true, version: true, isBackup: true })

/**
 * A client of Mailjet's event callbacks: one set of records for each API key.
 *
 * @example
 * const callbacks = mailjetEventCallbacks({ apiKey: { env: 'MJ_KEY' }, apiSecret: { env: 'MJ_SECRET' } })
 * await callbacks.ensure({ eventType: 'bounce', url: 'https://hooks.example.com/webhooks/news', auth: { username: 'mj', password } })
 * @throws OptionError for an option that is wrong or unknown
 */
export function mailjetEventCallbacks(options: MailjetApiOptions): MailjetEventCallbacks {
  return new Client(mailjetApi(NAME, options))
}

type Fields = Readonly<Record<string, unknown>>

class Client implements MailjetEventCallbacks {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async list(options?: CallOptions): Promise<readonly MailjetCallback[]> {
    const records = await allRecords(this.#api, NAME, BASE, signalOf(NAME, options))
    return records.map(callbackFrom)
  }

  async ensure(settings: MailjetCallbackSettings, options?: CallOptions): Promise<EnsuredCallback> {
    const [what, signal] = [`${NAME}: ensure`, signalOf(NAME, options)]
    const { eventType, isBackup, Version } = checked(what, settings)
    const { url, secrets } = await withLogin(what, settings.url, settings.auth)
    const records = await allRecords(this.#api, NAME, BASE, signal)
    const wanted = { Url: url, Version }
    const found = records.find((one) => one.EventType === eventType && (one.IsBackup === true) === isBackup)
    if (found === undefined) {
      const body = { EventType: eventType, ...wanted, ...(isBackup ? { IsBackup: true } : {}) }
      const answer = await this.#api.call({ method: 'POST', path: BASE, body, secrets, signal })
      return { callback: callbackFrom(recordOf(NAME, answer)), change: 'created' }
    }
    const changes = differences(found, { ...wanted, Status: 'alive' })
    if (Object.keys(changes).length === 0) return { callback: callbackFrom(found), change: 'none' }
    await this.#put(Number(found.ID), changes, secrets, signal)
    return { callback: await this.#alive(Number(found.ID), signal), change: 'updated' }
  }

  async delete(id: number, options?: CallOptions): Promise<void> {
    await this.#api.call({ method: 'DELETE', path: pathOf('delete', id), signal: signalOf(NAME, options) })
  }

  async revive(id: number, options?: CallOptions): Promise<MailjetCallback> {
    const signal = signalOf(NAME, options)
    segmentOf(`${NAME}: revive`, id)
    await this.#put(id, { Status: 'alive' }, [], signal)
    return this.#alive(id, signal)
  }

  /** Only given properties change; 304 when nothing does. */
  async #put(id: number, body: Fields, secrets: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    await this.#api.call({ method: 'PUT', path: `${BASE}/${id}`, body, secrets, signal })
  }

  /** Whether `Status` alone revives an address is not documented, so it is looked at afterwards. */
  async #alive(id: number, signal: AbortSignal | undefined): Promise<MailjetCallback> {
    const callback = callbackFrom(
      recordOf(NAME, await this.#api.call({ method: 'GET', path: `${BASE}/${id}`, signal })),
    )
    if (callback.status === 'alive') return callback
    const message = `${NAME}: the address of ${callback.eventType} stays dead: give it another address`
    throw new ApiError(message, { code: 'ERR_API_REJECTED', status: 200 })
  }
}

const pathOf = (method: string, id: unknown) => `${BASE}/${segmentOf(`${NAME}: ${method}`, id)}`

function checked(what: string, settings: MailjetCallbackSettings) {
  knownKeys(what, settings, KEYS)
  const { eventType, url, auth, isBackup = false } = settings
  assertPlainUrl(`${what}: url`, url)
  if (auth !== undefined) assertLogin(`${what}: auth`, auth)
  if (typeof isBackup !== 'boolean')
    throw new OptionError(`${what}: isBackup must be true or false, got ${kindOf(isBackup)}`)
  return {
    eventType: textIn(`${what}: eventType`, eventType),
    isBackup,
    Version: versionIn(`${what}: version`, settings.version),
  }
}

/** What of the wanted is otherwise. Addresses are compared with their logins decoded. */
function differences(
  found: Fields,
  wanted: { readonly Url: string; readonly Version: number; readonly Status: string },
) {
  const isSameUrl = JSON.stringify(splitUrl(String(found.Url))) === JSON.stringify(splitUrl(wanted.Url))
  return {
    ...(isSameUrl ? {} : { Url: wanted.Url }),
    ...(Number(found.Version ?? 1) === wanted.Version ? {} : { Version: wanted.Version }),
    ...((found.Status ?? 'alive') === wanted.Status ? {} : { Status: wanted.Status }),
  }
}
