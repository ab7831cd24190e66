/** One configured secret: its shape is checked where it is written, its text is read where it is needed. */
import { OptionError, PosthornError } from '../errors.ts'
import type { Secret } from '../types.ts'
import { keysOf, kindOf, knownKeys } from './options.ts'

const ENV = keysOf<Exclude<Secret, string | (() => unknown)>>({ env: true, optional: true })

/**
 * Checks a secret without reading it. `what` is how messages call it: `token`, `basic password`.
 * @throws OptionError (ERR_SECRET_INVALID) for an empty or blank literal, a line break in a literal, what is no secret
 */
export function assertSecret(what: string, secret: unknown): asserts secret is Secret {
  const refuse = (why: string) => new OptionError(`${what}: ${why}`, 'ERR_SECRET_INVALID')
  if (typeof secret === 'function') return
  if (typeof secret === 'string') {
    if (secret.trim() === '') throw refuse('expected a secret, got an empty or blank text')
    if (hasLineBreak(secret)) throw refuse('expected a secret on one line, got a line break in it')
    return
  }
  if (typeof secret === 'object' && secret !== null) knownKeys(`${what}: a secret`, secret, ENV)
  const name: unknown = (secret as { env?: unknown } | null | undefined)?.env
  if (typeof name !== 'string' || name === '')
    throw refuse(`expected a text, { env: 'NAME' } or a function, got ${kindOf(secret)}`)
}

/**
 * The text of a secret; null for an optional variable that is not set. Blank counts as not set: it never matches anything
 * on purpose. `where` starts the messages.
 * @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID
 */
export async function readSecret(
  where: string,
  secret: Secret,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const origin = typeof secret === 'object' ? `environment variable ${secret.env}` : 'its function'
  const value = typeof secret === 'string' ? secret : await askFor(where, secret, env)
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) {
    if (typeof secret === 'object' && secret.optional) return null
    throw secretMissing(
      where,
      typeof secret === 'object' ? `${origin} is not set, or blank` : `${origin} gives nothing`,
    )
  }
  if (typeof value !== 'string') throw invalid(where, `${origin} gives ${typeof value}, not a text`)
  if (hasLineBreak(value)) throw invalid(where, `${origin} gives a text with a line break`)
  return value
}

async function askFor(
  where: string,
  secret: Exclude<Secret, string>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<unknown> {
  if (typeof secret === 'object') return env[secret.env]
  try {
    return await secret()
  } catch (cause) {
    throw new PosthornError('ERR_SECRET_MISSING', `${where}: its function failed`, { cause })
  }
}

/** No header and no query can carry one, and `KEY="$(cat file)\n"` is how they get in. */
function hasLineBreak(text: string): boolean {
  return text.includes('\r') || text.includes('\n')
}

export function secretMissing(where: string, why: string): PosthornError {
  return new PosthornError('ERR_SECRET_MISSING', `${where}: ${why}`)
}

function invalid(where: string, why: string): PosthornError {
  return new PosthornError('ERR_SECRET_INVALID', `${where}: ${why}`)
}
