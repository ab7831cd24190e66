/**
 * A webhook as its owner set it: read from the body of a request.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib);
 * for the errors of custom headers content/api/relay-webhooks.apib.
 */
import { isObject } from '../../lib/guards.ts'
import type { Edition } from './edition.ts'

export interface OAuthRequest {
  readonly url: string
  readonly body: Readonly<Record<string, unknown>>
}

export type AuthType = 'none' | 'basic' | 'oauth2'

export interface Settings {
  readonly name: string
  readonly target: string
  readonly events: readonly string[]
  readonly active: boolean
  /** Empty: none. */
  readonly auth_token: string
  readonly auth_type: AuthType
  readonly auth_request_details: OAuthRequest | Readonly<Record<string, never>>
  readonly auth_credentials: Readonly<Record<string, unknown>>
  readonly custom_headers: Readonly<Record<string, string>>
  readonly exception_subaccounts: readonly string[]
}

export interface ApiError {
  readonly message: string
  readonly code?: number | string
  readonly description?: string
  readonly param?: string
  readonly value?: string
  readonly response?: unknown
}

/** An answer other than success: thrown inside the API. */
export class Refusal extends Error {
  readonly status: number
  readonly errors: readonly ApiError[]

  constructor(status: number, ...errors: readonly ApiError[]) {
    super(errors[0]?.message)
    this.status = status
    this.errors = errors
  }
}

/** @throws Refusal 400 when it is no JSON object */
export function parsedBody(body: string): Record<string, unknown> {
  const value = parsedJson(body)
  if (isObject(value)) return value
  throw new Refusal(400, { message: 'Invalid JSON in request', code: 400 })
}

export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The settings after a request: `before` are those it changes, null when it creates. Fields that nobody knows are ignored.
 * @throws Refusal 400 for a field that is missing or wrong, 422 for headers the API does not take
 */
export function settingsFrom(edition: Edition, body: Record<string, unknown>, before: Settings | null): Settings {
  const all: Record<string, unknown> = { ...before, ...body }
  const { auth_token, name, target, ...auth } = authOf(edition.isCloudApi ? all : { ...all, ...NO_AUTH })
  const { exception_subaccounts } = all
  return {
    name,
    target,
    events: eventsOf(edition, all),
    active: all.active !== false,
    auth_token,
    ...auth,
    // Integers in, text out.
    exception_subaccounts: Array.isArray(exception_subaccounts) ? exception_subaccounts.map(String) : [],
  }
}

/** What Momentum's API does not have: a token is all. */
const NO_AUTH = { auth_type: 'none', custom_headers: {} }

/** What event webhooks and relay webhooks have in common. @throws Refusal */
export function authOf(all: Record<string, unknown>): Omit<Settings, 'events' | 'active' | 'exception_subaccounts'> {
  const auth_type = authTypeOf(all.auth_type ?? 'none')
  return {
    name: textOf(all, 'name'),
    target: targetOf(all),
    auth_token: typeof all.auth_token === 'string' ? all.auth_token : '',
    auth_type,
    auth_request_details: auth_type === 'oauth2' ? oauthRequestOf(all.auth_request_details) : {},
    auth_credentials: auth_type === 'basic' ? basicOf(all.auth_credentials) : {},
    custom_headers: customHeadersOf(all.custom_headers),
  }
}

function textOf(all: Record<string, unknown>, name: string): string {
  const value = all[name]
  if (typeof value === 'string' && value !== '') return value
  throw new Refusal(400, {
    message: 'required field is missing',
    description: `${name} is required`,
    code: 400,
    param: name,
  })
}

function targetOf(all: Record<string, unknown>): string {
  const target = textOf(all, 'target')
  if (URL.canParse(target) && /^https?:$/.test(new URL(target).protocol)) return target
  throw new Refusal(400, {
    message: 'invalid data format/type',
    description: 'target must be a URL',
    code: 400,
    param: 'target',
  })
}

function eventsOf({ classes }: Edition, { events }: Record<string, unknown>): readonly string[] {
  const wanted: readonly unknown[] = Array.isArray(events) ? events : []
  const known = wanted.filter((event) => typeof event === 'string' && classes.has(event))
  if (wanted.length > 0 && known.length === wanted.length) return [...new Set(known.map(String))]
  const unknown = wanted.find((event) => !known.includes(event))
  const description = unknown === undefined ? 'events is required' : `'${unknown}' is not an event type`
  throw new Refusal(400, { message: 'invalid data format/type', description, code: 400, param: 'events' })
}

function authTypeOf(value: unknown): AuthType {
  if (value === 'none' || value === 'basic' || value === 'oauth2') return value
  throw new Refusal(400, { message: 'invalid data format/type', code: 400, param: 'auth_type' })
}

function oauthRequestOf(value: unknown): OAuthRequest {
  if (isObject(value) && typeof value.url === 'string' && URL.canParse(value.url))
    return { url: value.url, body: isObject(value.body) ? value.body : {} }
  throw new Refusal(400, { message: 'required field is missing', code: 400, param: 'auth_request_details' })
}

/** The password may be empty. */
function basicOf(value: unknown): Record<string, unknown> {
  if (isObject(value) && typeof value.username === 'string') return { password: '', ...value }
  throw new Refusal(400, { message: 'required field is missing', code: 400, param: 'auth_credentials' })
}

const MAX_HEADERS = 5
const MAX_HEADER_BYTES = 3_000

/** Which names are reserved is not documented; those that the sender writes itself are. */
const RESERVED = /^(authorization|content-type|content-length|host|connection|user-agent|x-messagesystems-.*)$/i

/** Errors as the relay webhooks document them. @throws Refusal 422 */
export function customHeadersOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {}
  const headers = Object.entries(value).map(([name, text]) => [name, String(text)] as const)
  const refuse = (message: string, code: string, more: Partial<ApiError> = {}) => {
    throw new Refusal(422, { param: 'custom_headers', message, code, ...more })
  }
  const reserved = headers.find(([name]) => RESERVED.test(name))
  if (reserved !== undefined) refuse('Header is reserved and cannot be used', '10000', { value: reserved[0] })
  if (headers.length > MAX_HEADERS) refuse('You may only have up to 5 custom headers', '10002')
  if (headers.join('').length >= MAX_HEADER_BYTES) refuse('Custom headers are too large', '10001')
  return Object.fromEntries(headers)
}
