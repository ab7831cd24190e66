/** A request for a token by client credentials (RFC 6749 section 4.4.2), as it came. */
import { isObject } from '../../lib/guards.ts'
import { basicCredentials } from '../authorization.ts'

export interface TokenRequest {
  readonly grantType: string
  /** What may be meant; empty where the request brings none. */
  readonly clients: readonly ClientCredentials[]
}

export interface ClientCredentials {
  readonly id: string
  readonly secret: string
}

/**
 * Null for what is no such request: a body that is neither a JSON object of texts nor a form, a parameter that is
 * repeated, no `grant_type`, or credentials in both places (sections 2.3 and 3.2). SparkPost does not document the
 * content type of its request, so the body tells which it is: no form begins with `{`.
 */
export function readTokenRequest(rawHeaders: readonly string[], body: Uint8Array): TokenRequest | null {
  const fields = fieldsOf(body)
  const grantType = fields?.get('grant_type')
  if (fields === null || grantType === undefined) return null
  const basic = basicCredentials(rawHeaders)
  const [id, secret] = [fields.get('client_id'), fields.get('client_secret')]
  if (basic !== null) return secret === undefined ? { grantType, clients: clientsOf(basic) } : null
  return { grantType, clients: id === undefined || secret === undefined ? [] : [{ id, secret }] }
}

type Fields = ReadonlyMap<string, string>

function fieldsOf(body: Uint8Array): Fields | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body).trim()
    return text.startsWith('{') ? jsonFields(JSON.parse(text)) : formFields(text)
  } catch {
    return null
  }
}

const NAMES = ['grant_type', 'client_id', 'client_secret']

function jsonFields(value: unknown): Fields | null {
  if (!isObject(value)) return null
  const given = NAMES.filter((name) => Object.hasOwn(value, name)).map((name) => [name, value[name]] as const)
  return given.every((field): field is readonly [string, string] => typeof field[1] === 'string')
    ? new Map(given)
    : null
}

function formFields(text: string): Fields | null {
  const given = [...new URLSearchParams(text)].filter(([name]) => NAMES.includes(name))
  const fields = new Map(given)
  return fields.size === given.length ? fields : null
}

/**
 * Both as they stand and form-encoded: section 2.3.1 asks clients to encode them before they become Basic credentials,
 * and many do not.
 */
function clientsOf(basic: Uint8Array): ClientCredentials[] {
  const text = Buffer.from(basic).toString()
  const colon = text.indexOf(':')
  if (colon < 0) return []
  const plain = { id: text.slice(0, colon), secret: text.slice(colon + 1) }
  const [id, secret] = [formDecoded(plain.id), formDecoded(plain.secret)]
  return id === null || secret === null ? [plain] : [plain, { id, secret }]
}

function formDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}
