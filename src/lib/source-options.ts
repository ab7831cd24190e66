/** Checks what the factories of all providers are given. Private. */
import { OptionError } from '../errors.ts'
import { knownKeys, wholeNumber } from './options.ts'
import { port } from './symbols.ts'

/** What every factory takes. */
export interface SourceOptions<A> {
  /** Who may post; see `posthorn/auth`. */
  readonly auth: A
  readonly limits?: {
    /** Largest body in bytes, after the content coding; minimum 1. Default: the receiver's. */
    readonly bodyBytes?: number
  }
}

/**
 * Returns the body limit, null where none is given. `own` are the options that only this factory takes.
 * @throws OptionError when `auth` is not from `posthorn/auth`, a limit is no whole number of bytes, or an option is
 * unknown.
 */
export function checkSourceOptions(
  factory: string,
  options: SourceOptions<object>,
  own: readonly string[] = [],
): number | null {
  assertObject(`${factory}: options`, options)
  knownKeys(factory, options, ['auth', 'limits', ...own])
  const { auth, limits = {} } = options
  if (typeof auth !== 'object' || auth === null || !(port in auth))
    throw new OptionError(`${factory}: auth must be made by posthorn/auth, such as token(…), got ${kindOf(auth)}`)
  assertObject(`${factory}: limits`, limits)
  knownKeys(`${factory}: limits`, limits, ['bodyBytes'])
  if (limits.bodyBytes === undefined) return null
  return wholeNumber(`${factory}: limits.bodyBytes`, limits.bodyBytes, 0, 1)
}

function assertObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null)
    throw new OptionError(`${name} must be an object, got ${kindOf(value)}`)
}

// Not the value: it may be the secret itself, passed in the place of an auth kind.
function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}
