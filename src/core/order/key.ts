/** The key that the events of a handler with `orderBy` are ordered by. */
import { OptionError } from '../../errors.ts'
import { isLetGo } from '../../lib/call-safely.ts'
import { hash53 } from '../../lib/hash53.ts'
import type { AnyEvent } from '../../types.ts'
import type { HandlerSpec } from '../handlers/spec.ts'

/**
 * The key of an event; null: it goes in no order.
 * @throws what `orderBy` throws, or ERR_OPTION when that is no key
 */
export function orderKeyOf({ name, orderBy }: HandlerSpec, event: AnyEvent): number | null {
  const key = orderBy?.(event) ?? null
  if (key === null) return null
  if (typeof key === 'string') return hash53(key)
  const got = isLetGo(key) ? 'a promise' : typeof key
  throw new OptionError(`orderBy of handler "${name}" must return a text or null, got ${got}`)
}

/** A key whose line is empty; `changes` tells whether anything has become of the key since. */
export interface Empty {
  readonly key: number
  readonly changes: number
}
