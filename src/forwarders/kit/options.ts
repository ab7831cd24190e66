/** Checks that the forwarders share. */
import { OptionError } from '../../errors.ts'
import { kindOf, shown } from '../../lib/options.ts'

/** One for all events, or one for each. */
export type ForEach<E, T> = T | ((event: E) => T)

/**
 * How to ask for the text of an event: a subject, a routing key.
 * @throws OptionError for what is neither a text nor a function; when it is asked, where the function gives no text
 */
export function textForEach<E>(name: string, given: unknown, mayBeEmpty = false): (event: E) => string {
  const check = (text: unknown, verb: string): string => {
    if (typeof text === 'string' && (mayBeEmpty || text !== '')) return text
    const got = text === '' ? 'an empty one' : kindOf(text)
    throw new OptionError(`${name} must ${verb} a text, got ${got}`)
  }
  if (typeof given === 'function') return (event) => check(given(event), 'return')
  const text = check(given, typeof given === 'string' ? 'be' : 'be a function or')
  return () => text
}

/** @throws OptionError unless the value has these methods; `what` says what it should be */
export function assertMethods(name: string, value: unknown, methods: readonly string[], what: string): void {
  const fields = Object(value) as Readonly<Record<string, unknown>>
  if (methods.every((method) => typeof fields[method] === 'function')) return
  throw new OptionError(`${name} must be ${what}, got ${typeof value === 'string' ? 'a text' : shown(value)}`)
}
