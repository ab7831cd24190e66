/** Checks of options where they are given: the option, the expectation and the value in one message. */
import { OptionError } from '../errors.ts'
import { didYouMean } from './nearest.ts'

/** The longest time of a timer of Node, in ms: a longer one ends at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A whole number within bounds, or the default when it is not given; NaN and Infinity are never a default. */
export function wholeNumber(
  name: string,
  value: unknown,
  fallback: number,
  min: number,
  max: number = 2 ** 53,
): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new OptionError(`${name} must be a whole number from ${min} to ${max}, got ${shown(value)}`)
}

/** The names of the fields of T. One that is left out, or that T does not have, does not compile. */
export function keysOf<T extends object>(keys: { readonly [K in AnyKey<T>]: true }): readonly string[] {
  return Object.keys(keys)
}

/** Those of every member, where T is a union. */
type AnyKey<T> = T extends unknown ? keyof T : never

/**
 * Refuses keys that nobody reads, with the one that was most likely meant: a misspelt option must not be silently
 * without effect. Refuses what is no object of options at all.
 * @throws OptionError
 */
export function knownKeys(name: string, options: object, keys: readonly string[]): void {
  assertOptions(name, options, keys)
  for (const key of Object.keys(options))
    if (!keys.includes(key))
      throw new OptionError(`${name} has no option "${cut(key)}"${didYouMean(key, keys)}; it takes ${keys.join(', ')}`)
}

/** @throws OptionError for anything but an object that can hold options; the message repeats no text: it may be a secret */
export function assertOptions(name: string, options: unknown, keys: readonly string[]): asserts options is object {
  if (typeof options === 'object' && options !== null && !Array.isArray(options) && !isPromise(options)) return
  throw new OptionError(`${name} takes an object with ${keys.join(', ')}, got ${kindOf(options)}`)
}

export function oneOf<const T extends string>(name: string, value: unknown, fallback: T, words: readonly T[]): T {
  if (value === undefined) return fallback
  const found = words.find((word) => word === value)
  if (found === undefined) throw new OptionError(`${name} must be one of ${words.join(', ')}, got ${shown(value)}`)
  return found
}

/** @throws OptionError unless the value is a function, or not given */
export function assertFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function')
    throw new OptionError(`${name} must be a function, got ${kindOf(value)}`)
}

/** How a value is called in a message: its kind alone. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object') return typeof value
  return Array.isArray(value) ? 'a list' : isPromise(value) ? 'a promise' : 'an object'
}

/** How a value is called in a message: texts are repeated, so only for what is no secret. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value))
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value)
}

/** Messages end up in logs: a text of a stranger's length does not. */
const cut = (text: string): string => text.slice(0, 40)

function isPromise(value: object): boolean {
  return 'then' in value && typeof value.then === 'function'
}
