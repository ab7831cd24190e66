/** Checks that the forwarders share. */
import { OptionError } from '../../errors.ts'
import { kindOf, shown } from '../../lib/options.ts'

/** One for all events, or one for each. */
export type ForEach<E, T> = T | ((event: E) => T)

/** What a broker asks of a text, so that one that it does not take fails its event alone, and with our words. */
export interface TextRule {
  readonly mayBeEmpty?: boolean
  /** Of its UTF-8. */
  readonly mostBytes?: number
  readonly mayHaveSpaces?: boolean
}

/**
 * How to ask for the text of an event: a subject, a routing key. No message quotes a text: it may hold an address.
 * @throws OptionError for what is neither a text nor a function; when it is asked, where the function gives no such text
 */
export function textForEach<E>(
  name: string,
  given: unknown,
  { mayBeEmpty = false, mostBytes = Number.POSITIVE_INFINITY, mayHaveSpaces = true }: TextRule = {},
): (event: E) => string {
  const check = (text: unknown, verb: string): string => {
    if (typeof text !== 'string') throw new OptionError(`${name} must ${verb} a text, got ${kindOf(text)}`)
    if (text === '' && !mayBeEmpty) throw new OptionError(`${name} must ${verb} a text, got an empty one`)
    const bytes = Buffer.byteLength(text)
    if (bytes > mostBytes) throw new OptionError(`${name} must ${verb} at most ${mostBytes} bytes, got ${bytes}`)
    if (!mayHaveSpaces && /\s/.test(text)) throw new OptionError(`${name} must ${verb} a text without white space`)
    return text
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
