/** The options of a receiver. Types only, exported from `posthorn`. */
import type { Inbox } from '../ports/inbox/index.ts'
import type { Instrument } from '../ports/instrument.ts'
import type { Source } from '../ports/provider.ts'
import type { AnyEvent, DeadLetter, Logger, Quarantined, RetryOptions, SenderDeparture } from '../types.ts'

export type Sources = Readonly<Record<string, Source<AnyEvent>>>

export type EventsOf<S extends Sources> = { [K in keyof S]: S[K] extends Source<infer E> ? E : never }[keyof S]

/** A number of ms, a text such as `'90s'`, `'30m'`, `'48h'`, `'7d'`, or for ever. */
export type RetentionDuration = number | `${number}${'s' | 'm' | 'h' | 'd'}` | 'forever'

/** How long what is finished is kept. Work that is left, whatever its age, is never touched. */
export interface RetentionOptions {
  /** Bytes of deliveries of which everything is done, from their receipt. Default 7d. */
  readonly bodies?: RetentionDuration
  /** What a repeat is told by; at least as long as the bytes. Default 7d, minimum 48h. */
  readonly keys?: RetentionDuration
  /** Default 90d. */
  readonly deadLetters?: RetentionDuration
  /** Default 90d. */
  readonly quarantine?: RetentionDuration
  /** With more than this on the disk, finished bodies go before their time, the oldest first. Default: no limit. */
  readonly maxBytes?: number
}

/**
 * What happens inside, for code. Called after the fact is stored; a hook that throws or rejects is logged and changes
 * nothing. Called as methods of the object that is given.
 */
export interface Hooks {
  /** An attempt failed and will be repeated. */
  failed?(failure: {
    readonly event: AnyEvent
    readonly handler: string
    readonly attempt: number
    readonly error: unknown
    readonly retryAt: Date
  }): void
  deadLettered?(letter: DeadLetter): void
  quarantined?(quarantined: Quarantined): void
  /** A request got another answer than 200. `source` is null when the path named none. */
  rejected?(rejection: { readonly source: string | null; readonly status: number; readonly code: string }): void
  unhandled?(unhandled: { readonly name: string; readonly source: string; readonly count: number }): void
  /**
   * Somebody at the dashboard changed something, or saw what is otherwise hidden (`verb` is `reveal` or `bytes` then).
   * `filter` is in words, without an address.
   */
  acted?(act: {
    readonly who: string
    readonly verb: string
    readonly filter: string
    readonly matched: number
    readonly queued: number
  }): void
  /** A sender that was let in hung up before it had its answer. */
  senderLeft?(departure: SenderDeparture): void
}

export interface ReceiverLimits {
  /** Largest body, on the wire and after the content coding, in bytes. Default 64 MiB; a source may set its own. */
  readonly bodyBytes?: number
  /** A body must have arrived in this time. Default 30_000. */
  readonly bodyMs?: number
  /** Slowest rate, looked at from the fifth second on. Default 16_384. */
  readonly minBytesPerSecond?: number
  /** Bytes of bodies between their first byte and their commit, all requests together. Default 128 MiB. */
  readonly inFlightBytes?: number
  /** Requests between their first body byte and their commit. Default 1_000. */
  readonly requests?: number
  /** With more bytes of bodies waiting to be handled, new ones are answered 503. Default: no limit but the disk. */
  readonly backlogBytes?: number
  /** From the last body byte to the answer; then 503, and the repeat is absorbed. Default 4_000. */
  readonly acceptMs?: number
}

export interface ReceiverOptions<S extends Sources> {
  /** Where deliveries are stored. There is no default: durability is chosen in words. */
  readonly inbox: Inbox
  /** By name; the name is the last segment of the address, `[a-z0-9][a-z0-9_-]*`. */
  readonly sources: S
  readonly limits?: ReceiverLimits
  /** Bodies and decoded events that the process half holds, in bytes. Default 256 MiB. */
  readonly memoryBytes?: number
  /** Defaults of all handlers. */
  readonly handlers?: { readonly retry?: RetryOptions; readonly timeoutMs?: number; readonly concurrency?: number }
  /**
   * Default: warnings and errors on stderr, one line each, and one line at start. `false` is silence. pino and winston
   * fit as they are. A line at which the logger throws or rejects goes to stderr.
   */
  readonly logger?: Logger | false
  readonly hooks?: Hooks
  /** Wraps around storing, passes, calls of handlers and settlements, for tracing; `otel()` of `posthorn/otel` is one. */
  readonly instrument?: Instrument
  /**
   * `both` (default), `receive` (stores, never handles), `process` (handles, answers 503), `control` (opens the inbox
   * beside a running owner: looks and wishes, never claims).
   */
  readonly role?: ReceiverRole
  /**
   * `stored` (default): 200 as soon as the delivery is durable. `handled`, for hosts that do not run after the answer:
   * stored, then handled within the sender's time limit; 200 only when nothing is left to do, else 503, and the repeat
   * goes on where this one stopped.
   */
  readonly ack?: 'stored' | 'handled'
  /** With `ack: 'handled'`: how long a sender is let wait, in ms. Default 4_000; a source may set its own. */
  readonly ackWithinMs?: number
  /** With `ack: 'handled'`: whether retries run between requests, in a host that lives on. Default: they do not, see `drain`. */
  readonly background?: boolean
  /**
   * A repeat of a delivery with dead letters: `record` it on them (default), or `rearm` them. `rearm` is refused beside
   * `ack: 'handled'`, where the sender repeats as long as anything fails.
   */
  readonly onRedelivery?: 'record' | 'rearm'
  /** How long what is finished is kept. */
  readonly retention?: RetentionOptions
}

export type ReceiverRole = 'both' | 'receive' | 'process' | 'control'
