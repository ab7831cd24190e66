/** Checks of options at construction: the option, the expectation and the value in one message. */
import { OptionError } from '../errors.ts'

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

/** Refuses what is no object, and keys that nobody reads: a misspelt option must not be silently without effect. */
export function knownKeys(name: string, options: object, keys: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new OptionError(`${name} must be an object, got ${options === null ? 'null' : kindOf(options)}`)
  for (const key of Object.keys(options))
    if (!keys.includes(key)) throw new OptionError(`${name} has no option "${key}"; it takes ${keys.join(', ')}`)
}

export function oneOf<const T extends string>(name: string, value: unknown, fallback: T, words: readonly T[]): T {
  if (value === undefined) return fallback
  const found = words.find((word) => word === value)
  if (found === undefined) throw new OptionError(`${name} must be one of ${words.join(', ')}, got ${shown(value)}`)
  return found
}

const kindOf = (value: unknown) => (Array.isArray(value) ? 'a list' : typeof value)

function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 40))
    : typeof value === 'object'
      ? 'an object'
      : String(value)
}
