/** Checks what the factories of all providers are given. Private. */
import { OptionError } from '../errors.ts'
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
 * Returns the body limit, null where none is given.
 * @throws OptionError when `auth` is not from `posthorn/auth`, or a limit is no whole number of bytes.
 */
export function checkSourceOptions(factory: string, options: SourceOptions<object>): number | null {
  if (typeof options !== 'object' || options === null)
    throw new OptionError(`${factory}: expected options with auth, got ${kindOf(options)}`)
  const { auth, limits } = options
  if (typeof auth !== 'object' || auth === null || !(port in auth))
    throw new OptionError(`${factory}: auth must be made by posthorn/auth, such as token(…), got ${kindOf(auth)}`)
  if (limits === undefined) return null
  if (typeof limits !== 'object' || limits === null)
    throw new OptionError(`${factory}: limits must be an object, got ${kindOf(limits)}`)
  const { bodyBytes } = limits
  if (bodyBytes === undefined) return null
  if (!Number.isSafeInteger(bodyBytes) || bodyBytes < 1)
    throw new OptionError(`${factory}: limits.bodyBytes must be a whole number of bytes ≥ 1, got ${String(bodyBytes)}`)
  return bodyBytes
}

// Not the value: it may be the secret itself, passed in the place of an auth kind.
function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}
