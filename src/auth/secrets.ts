/** Secrets as they are configured: checked where they are written, read when the receiver starts. */

import { OptionError, PosthornError } from '../errors.ts'
import { keysOf, kindOf, knownKeys } from '../lib/options.ts'
import type { SecretSetting } from '../ports/auth.ts'
import type { Secret, Secrets } from '../types.ts'

/** A secret as text, with the name it goes by. */
export interface ReadSecret {
  readonly label: string | null
  readonly text: string
}

/** Reads what was configured. @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
export type ReadSecrets = (at: SecretSetting) => Promise<readonly ReadSecret[]>

/** Shorter ones are accepted with a warning: some senders' forms allow no more. */
const WELL_LONG = 16

/**
 * Checks secrets without reading any and returns how to read them. `what` is how messages call them: `token`,
 * `basic password`.
 * @throws OptionError (ERR_SECRET_INVALID) for an empty list, an empty or blank literal, a line break in a literal
 */
export function defineSecrets(what: string, secrets: Secrets): ReadSecrets {
  const entries = Array.isArray(secrets) ? secrets.map(toEntry) : [{ label: null, secret: secrets as Secret }]
  if (entries.length === 0) throw new OptionError(`${what}: expected at least one secret`, 'ERR_SECRET_INVALID')
  for (const { label, secret } of entries) checkShape(what, label, secret)
  return async function readSecrets(at) {
    const read: ReadSecret[] = []
    for (const { label, secret } of entries) {
      const text = await readOne(what, secret, at)
      if (text !== null) read.push({ label, text })
    }
    if (read.length === 0) throw missing(what, at, 'none of its optional secrets is set')
    return read
  }
}

/** The labels of the secrets, known before any is read. */
export function labelsOf(secrets: Secrets): readonly string[] {
  const entries = Array.isArray(secrets) ? secrets.map(toEntry) : []
  return entries.flatMap(({ label }) => label ?? [])
}

/** The UTF-8 of the text as it stands in a header: one character a byte. */
export function toWire(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Warns once for all that are short; call it once per source. */
export function warnIfShort(what: string, secrets: readonly ReadSecret[], at: SecretSetting): void {
  const short = secrets.filter(({ text }) => text.length < WELL_LONG).length
  if (short === 0) return
  const facts = { source: at.source, secret: what, short, of: secrets.length }
  at.logger.warn(facts, `source "${at.source}": ${what} has fewer than ${WELL_LONG} characters and can be guessed`)
}

interface Entry {
  readonly label: string | null
  readonly secret: Secret
}

function toEntry(entry: Secret | { readonly label: string; readonly secret: Secret }): Entry {
  if (typeof entry !== 'object' || entry === null || !('secret' in entry)) return { label: null, secret: entry }
  knownKeys('a secret with a label', entry, LABELLED)
  return entry
}

const ENV = keysOf<Exclude<Secret, string | (() => unknown)>>({ env: true, optional: true })
const LABELLED = keysOf<Entry>({ label: true, secret: true })

function checkShape(what: string, label: string | null, secret: Secret): void {
  const refuse = (why: string) => new OptionError(`${what}: ${why}`, 'ERR_SECRET_INVALID')
  if (label !== null && (typeof label !== 'string' || label.trim() === ''))
    throw refuse('expected a label that is not blank')
  if (typeof secret === 'function') return
  if (typeof secret === 'string') {
    if (secret.trim() === '') throw refuse('expected a secret, got an empty or blank text')
    if (hasLineBreak(secret)) throw refuse('expected a secret on one line, got a line break in it')
    return
  }
  if (typeof secret === 'object' && secret !== null) knownKeys(`${what}: a secret`, secret, ENV)
  const name: unknown = secret?.env
  if (typeof name !== 'string' || name === '')
    throw refuse(`expected a text, { env: 'NAME' } or a function, got ${kindOf(secret)}`)
}

/** null for an optional variable that is not set. Blank counts as not set: it never matches anything on purpose. */
async function readOne(what: string, secret: Secret, at: SecretSetting): Promise<string | null> {
  const origin = typeof secret === 'object' ? `environment variable ${secret.env}` : 'its function'
  const value = typeof secret === 'string' ? secret : await askFor(what, secret, at)
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) {
    if (typeof secret === 'object' && secret.optional) return null
    throw missing(what, at, `${origin} gives nothing`)
  }
  if (typeof value !== 'string') throw invalid(what, at, `${origin} gives ${typeof value}, not a text`)
  if (hasLineBreak(value)) throw invalid(what, at, `${origin} gives a text with a line break`)
  return value
}

async function askFor(what: string, secret: Exclude<Secret, string>, at: SecretSetting): Promise<unknown> {
  if (typeof secret === 'object') return at.env[secret.env]
  try {
    return await secret()
  } catch (cause) {
    throw new PosthornError('ERR_SECRET_MISSING', `source "${at.source}": ${what}: its function failed`, { cause })
  }
}

/** No header and no query can carry one, and `KEY="$(cat file)\n"` is how they get in. */
function hasLineBreak(text: string): boolean {
  return text.includes('\r') || text.includes('\n')
}

function missing(what: string, at: SecretSetting, why: string): PosthornError {
  return new PosthornError('ERR_SECRET_MISSING', `source "${at.source}": ${what}: ${why}`)
}

function invalid(what: string, at: SecretSetting, why: string): PosthornError {
  return new PosthornError('ERR_SECRET_INVALID', `source "${at.source}": ${what}: ${why}`)
}
