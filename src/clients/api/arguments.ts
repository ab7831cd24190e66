/** Checks of what the calls of clients take. */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { keysOf, kindOf, knownKeys, shown } from '../../lib/options.ts'
import { assertSecret } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import type { CallOptions } from './settings.ts'

const CALL = keysOf<CallOptions>({ signal: true })

/** @throws OptionError */
export function signalOf(what: string, options: CallOptions = {}): AbortSignal | undefined {
  knownKeys(`${what}: the options`, options, CALL)
  return checkedSignal(what, options.signal)
}

/** @throws OptionError */
export function checkedSignal(what: string, signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw new OptionError(`${what}: signal must be an AbortSignal, got ${kindOf(signal)}`)
}

/** An id as a segment of a path. @throws OptionError */
export function segmentOf(what: string, id: unknown): string {
  if ((typeof id === 'string' && id !== '') || Number.isSafeInteger(id)) return encodeURIComponent(String(id))
  throw new OptionError(`${what}: the id must be a text, got ${kindOf(id)}`)
}

/** @throws OptionError unless it is a text that says something, without repeating it */
export function textIn(what: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new OptionError(`${what} must be a text, got ${value === '' ? 'an empty one' : kindOf(value)}`)
}

/** @throws OptionError unless it is a list of texts, with one at least */
export function textsIn(what: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one !== ''))
    return value
  throw new OptionError(`${what} must be a list of texts, got ${Array.isArray(value) ? 'another list' : kindOf(value)}`)
}

/** @throws OptionError; a web address may hold a secret, so it is not repeated */
export function webAddressIn(what: string, value: unknown): string {
  if (typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value
  throw new OptionError(`${what} must be an http or https address, got ${kindOf(value)}`)
}

/** @throws OptionError */
export function instantIn(what: string, value: unknown): Date {
  const date = typeof value === 'string' || typeof value === 'number' ? new Date(value) : value
  if (date instanceof Date && !Number.isNaN(date.getTime())) return date
  throw new OptionError(`${what} must be a Date, or text or milliseconds of one, got ${shown(value)}`)
}

/** An object of texts, or of secrets. @throws OptionError */
export function recordIn(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value
  throw new OptionError(`${what} must be an object, got ${kindOf(value)}`)
}

/** Of HTTP Basic, where a colon ends the name (RFC 7617 section 2). @throws OptionError */
export function assertLogin(
  what: string,
  login: unknown,
): asserts login is { readonly username: string; readonly password: Secret } {
  const given = recordIn(what, login)
  knownKeys(what, given, ['username', 'password'])
  if (textIn(`${what}: username`, given.username).includes(':'))
    throw new OptionError(`${what}: username must have no colon in it: no target could tell it from the password`)
  assertSecret(`${what}: password`, given.password)
}
