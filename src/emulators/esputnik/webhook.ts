/** A data export to a webhook, as saved in the account settings (docs.yespo.io, June 2025 and later). */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { knownKeys } from '../../lib/options.ts'
import { basicHeader } from '../kit/basic.ts'
import { textOption } from '../kit/options.ts'
import type { Post } from '../kit/wire.ts'
import { STATUSES, type Status } from './statuses.ts'

export interface WebhookOptions {
  /** Default `webhook`. */
  readonly name?: string
  readonly url: string
  /** For HTTP Basic; both or none. */
  readonly username?: string
  readonly password?: string
  /** Up to five of your own. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: all. */
  readonly statuses?: readonly Status[]
}

export interface WebhookSettings {
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly statuses: ReadonlySet<Status>
}

const MAX_HEADERS = 5

/** @throws OptionError for what is wrong or unknown */
export function webhookSettings(options: WebhookOptions): WebhookSettings {
  knownKeys('saveWebhook', options, ['name', 'url', 'username', 'password', 'headers', 'statuses'])
  return {
    name: textOption('saveWebhook: name', options.name, 'webhook'),
    url: webAddress(options.url),
    headers: { ...ownHeaders(options.headers), ...loginHeader(options) },
    statuses: new Set(statusesOf(options.statuses ?? STATUSES)),
  }
}

function webAddress(url: unknown): string {
  if (typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  throw new OptionError('saveWebhook: url must be an http or https address')
}

function ownHeaders(headers: unknown = {}): Record<string, string> {
  const isFine = isObject(headers) && Object.values(headers).every((value) => typeof value === 'string')
  if (isFine && Object.keys(headers).length <= MAX_HEADERS) return headers as Record<string, string>
  throw new OptionError(`saveWebhook: headers must be up to ${MAX_HEADERS} names with texts`)
}

function loginHeader({ username, password }: WebhookOptions): Record<string, string> {
  if (username === undefined && password === undefined) return {}
  if (typeof username === 'string' && typeof password === 'string')
    return { Authorization: basicHeader({ username, password }) }
  throw new OptionError('saveWebhook: username and password must both be texts')
}

function statusesOf(statuses: unknown): readonly Status[] {
  if (Array.isArray(statuses) && statuses.every((status) => STATUSES.includes(status))) return statuses
  throw new OptionError(`saveWebhook: statuses must be a list of ${STATUSES.join(', ')}`)
}

/** The GET that checks the address when it is saved; whether it carries credentials is not documented. */
export function checkOf({ url, headers }: WebhookSettings, withCredentials: boolean, limitMs: number): Post {
  return { url, method: 'GET', headers: withCredentials ? headers : {}, body: '', limitMs }
}

export function postOf({ url, headers }: WebhookSettings, body: string, limitMs: number): Post {
  return { url, method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body, limitMs }
}
