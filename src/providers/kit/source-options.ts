/** Checks what the factories of all providers are given. Private. */
import { OptionError } from '../../errors.ts'
import { keysOf, kindOf, knownKeys, LONGEST_TIMER_MS, wholeNumber } from '../../lib/options.ts'
import { port } from '../../lib/symbols.ts'
import type { MetadataSchema } from '../../types.ts'
import { assertMetadataSchema } from './metadata.ts'

/** What every factory takes. */
export interface SourceOptions<A> {
  /** Who may post; see `posthorn/auth`. */
  readonly auth: A
  readonly limits?: {
    /**
     * Largest body in bytes, after the content coding; minimum 1. Default: the receiver's; 64 MiB for mails that come in
     * (`mailjetParse`, `momentumRelay`), 256 KiB for `esputnikWorkflow`.
     */
    readonly bodyBytes?: number
    /** How long a body may take, in ms; minimum 1. Default: the receiver's; 120_000 for mails that come in. */
    readonly bodyMs?: number
  }
  /**
   * How long the sender is let wait for its answer, in ms: for the commit, and with `ack: 'handled'` for the handlers.
   * Default: the receiver's own limits; for SparkPost, which gives up after 10 s, 8_000.
   */
  readonly ackWithinMs?: number
  /**
   * An event that comes again in another delivery is not handed to anybody: told by the sender's event id with its
   * class and type, else by what the provider knows to tell events apart. Default: off.
   */
  readonly dedupeEvents?:
    | boolean
    | {
        /**
         * For how long after an event was handled its copies are absorbed, in ms, and up to a quarter longer. Default
         * 172_800_000 (48 h), minimum 60_000.
         */
        readonly windowMs?: number
      }
}

/** What factories take of senders that hand on metadata of the application. */
export interface MetadataOptions<S extends MetadataSchema> {
  /**
   * Types and checks `event.metadata`: a synchronous Standard Schema, such as `z.object({ … })`. Metadata that is absent
   * is checked as `{}`. What does not fit is told in `event.metadataIssues`; the event is handed on all the same, with its
   * metadata as sent.
   */
  readonly metadata?: S
}

/** What core takes of the options, as a source keeps it. */
export interface CheckedSource {
  readonly bodyBytes: number | null
  readonly bodyMs: number | null
  readonly ackWithinMs: number | null
  readonly dedupeWindowMs: number | null
}

/**
 * Returns the limits, null where none is given. `own` are the options that only this factory takes.
 * @throws OptionError when `auth` is not from `posthorn/auth`, a limit is no whole number, or an option is unknown.
 */
export function checkSourceOptions(
  factory: string,
  options: SourceOptions<object>,
  own: readonly string[] = [],
): CheckedSource {
  knownKeys(factory, options, [...KEYS, ...own])
  const { auth, limits = {} } = options
  if (typeof auth !== 'object' || auth === null || !(port in auth))
    throw new OptionError(`${factory}: auth must be made by posthorn/auth, such as token(…), got ${kindOf(auth)}`)
  knownKeys(`${factory}: limits`, limits, LIMITS)
  if ('metadata' in options) assertMetadataSchema(`${factory}: metadata`, options.metadata)
  const { ackWithinMs } = options
  return {
    bodyBytes: given(`${factory}: limits.bodyBytes`, limits.bodyBytes),
    bodyMs: given(`${factory}: limits.bodyMs`, limits.bodyMs, LONGEST_TIMER_MS),
    ackWithinMs: given(`${factory}: ackWithinMs`, ackWithinMs),
    dedupeWindowMs: windowOf(`${factory}: dedupeEvents`, options.dedupeEvents),
  }
}

const KEYS = keysOf<SourceOptions<object>>({ auth: true, limits: true, ackWithinMs: true, dedupeEvents: true })
const LIMITS = keysOf<NonNullable<SourceOptions<object>['limits']>>({ bodyBytes: true, bodyMs: true })
const WINDOW = keysOf<Exclude<SourceOptions<object>['dedupeEvents'], boolean | undefined>>({ windowMs: true })

const [HOURS_48, MINUTE, YEAR] = [172_800_000, 60_000, 31_536_000_000]

/** null: off. */
function windowOf(name: string, dedupe: SourceOptions<object>['dedupeEvents']): number | null {
  if (dedupe === undefined || dedupe === false) return null
  if (dedupe === true) return HOURS_48
  knownKeys(name, dedupe, WINDOW)
  return wholeNumber(`${name}.windowMs`, dedupe.windowMs, HOURS_48, MINUTE, YEAR)
}

const given = (name: string, value: number | undefined, most?: number): number | null =>
  value === undefined ? null : wholeNumber(name, value, 0, 1, most)
