/** What an event is, on its way to something else: its text and its id. */
import { OptionError } from '../../errors.ts'
import { kindOf } from '../../lib/options.ts'
import type { AnyEvent } from '../../types.ts'

/** What is sent of an event; the event itself where the user has not said. */
export type BodyOf<E> = (event: E) => unknown

/**
 * As `posthorn inbox events --json` shows it: instants in ISO 8601. A number beyond JSON's, which a schema for metadata may
 * make, is a text.
 */
export function jsonOf(value: unknown): string {
  const text = written(value)
  if (text === undefined) throw new OptionError(`body must return what can be written as JSON, got ${kindOf(value)}`)
  return text
}

function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // Only then: a function that sees every value costs several times as much.
    return JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? String(part) : part))
  }
}

/**
 * Stable: the same for every attempt, so that whoever takes messages knows a repeat. A replay is asked for on purpose, and its
 * messages have ids of their own: a broker that drops what it knows would confirm them and drop them.
 */
export function messageIdOf({ id, run }: AnyEvent): string {
  return run === null ? id : `${id}.${run}`
}
