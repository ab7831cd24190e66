/** Records of `eventcallbackurl`: one for an event type and backup flag. */
import { OptionError } from '../../errors.ts'
import { kindOf } from '../../lib/options.ts'
import type { Secret } from '../../types.ts'
import { webAddressIn } from '../api/arguments.ts'
import { textOf } from '../api/settings.ts'
import type { Wire } from './api.ts'

/** Those that events are sent for (Event API guide, March 2023). */
export const MAILJET_EVENT_TYPES = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub'] as const

export type MailjetHookEvent = (typeof MAILJET_EVENT_TYPES)[number]

/** A login that Mailjet sends as HTTP Basic: it takes it from the address. */
export interface AddressLogin {
  readonly username: string
  readonly password: Secret
}

export interface MailjetCallback {
  readonly id: number
  readonly eventType: string
  /** Without the login. */
  readonly url: string
  /** User of the login in the address; null where there is none. */
  readonly username: string | null
  /** 1: single events; 2: arrays of them. */
  readonly version: 1 | 2
  readonly isBackup: boolean
  /** `dead`: suspended after too many failures. */
  readonly status: 'alive' | 'dead'
  /** Whether the login in the address has this password. */
  uses(password: string): boolean
}

export function callbackFrom(wire: Wire): MailjetCallback {
  const { url, username, password } = splitUrl(String(wire.Url ?? ''))
  return {
    id: Number(wire.ID),
    eventType: String(wire.EventType ?? ''),
    url,
    username: username === '' ? null : username,
    version: Number(wire.Version) === 2 ? 2 : 1,
    isBackup: wire.IsBackup === true,
    status: wire.Status === 'dead' ? 'dead' : 'alive',
    uses: (secret) => secret !== '' && secret === password,
  }
}

/** The address without its login, and the login. */
export function splitUrl(text: string): { readonly url: string; readonly username: string; readonly password: string } {
  if (!URL.canParse(text)) return { url: text, username: '', password: '' }
  const url = new URL(text)
  const [username, password] = [decoded(url.username), decoded(url.password)]
  url.username = ''
  url.password = ''
  return { url: username === '' && password === '' ? text : url.href, username, password }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** @throws OptionError for an address that has a login already */
export function assertPlainUrl(what: string, url: unknown): asserts url is string {
  const { username, password } = new URL(webAddressIn(what, url))
  if (username !== '' || password !== '')
    throw new OptionError(`${what} must have no login in it, got one: give it as auth, whose password stays a secret`)
}

/** The address with the login in it, and the secrets of it. @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
export async function withLogin(
  what: string,
  plain: string,
  login: AddressLogin | undefined,
): Promise<{ readonly url: string; readonly secrets: readonly string[] }> {
  if (login === undefined) return { url: plain, secrets: [] }
  const password = await textOf(`${what}: auth: password`, login.password)
  const url = new URL(plain)
  url.username = encodeURIComponent(login.username)
  url.password = encodeURIComponent(password)
  return { url: url.href, secrets: [password, url.password] }
}

/** @throws OptionError */
export function versionIn(what: string, value: unknown): 1 | 2 {
  if (value === undefined) return 2
  if (value === 1 || value === 2) return value
  throw new OptionError(`${what} must be 1 or 2, got ${typeof value === 'number' ? value : kindOf(value)}`)
}
