/** A receiver as users see it. Types only, exported from `posthorn`. */
import type { deskDoor, hostDoor, repairDoor, testDoor, watchDoor } from '../lib/symbols.ts'
import type { HostDoor } from '../ports/host.ts'
import type { Source } from '../ports/provider.ts'
import type { RepairDoor } from '../ports/repair-door.ts'
import type { TestDoor } from '../ports/test-door.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { AnyEvent } from '../types.ts'
import type { DeskDoor } from './desk.ts'
import type { BatchHandler, BatchOptions, EventHandler, HandlerOptions, Matched, NameOf } from './handlers.ts'
import type { InboxControl, PausedHandler } from './inbox.ts'

export interface Health {
  /** Whether a delivery would be accepted now. */
  readonly ready: boolean
  /** Why not; or, while it is ready, what needs a look: work that waits for `drain`. */
  readonly reason: string | null
  readonly backlog: { readonly deliveries: number; readonly bytes: number; readonly oldestAt: Date | null }
  readonly paused: readonly PausedHandler[]
}

/** While a promise that it gave is pending the process goes on; the receiver alone does not keep it running. */
export interface Receiver<E extends AnyEvent, K extends string = string> {
  /**
   * Registers a handler for the events that match; at least once each, in no promised order but that of `orderBy`.
   * @throws OptionError ERR_PATTERN (misspelt), ERR_HANDLER_NAME (name taken), ERR_OPTION (an option that is unknown, or a
   * handler that does not come last)
   * @throws PosthornError ERR_RECEIVER_STARTED
   */
  on<const N extends NameOf<E>>(name: N | readonly N[], handler: EventHandler<Matched<E, N>>): this
  on<const N extends NameOf<E>>(
    name: N | readonly N[],
    options: HandlerOptions<Matched<E, N>, K>,
    handler: EventHandler<Matched<E, N>>,
  ): this
  /**
   * As `on`, for many events in one call. Returning settles all but the events it names as failed; throwing has the
   * batch tried again in halves until the failing event stands alone.
   */
  onBatch<const N extends NameOf<E>>(name: N | readonly N[], handler: BatchHandler<Matched<E, N>>): this
  onBatch<const N extends NameOf<E>>(
    name: N | readonly N[],
    options: BatchOptions<K>,
    handler: BatchHandler<Matched<E, N>>,
  ): this
  /**
   * Answers a fetch request; bound, so it can be passed on as it is. Never rejects: called with anything else it answers
   * 500, and the log says what it takes. The source is the last path segment, exactly `<prefix>/<source>` where `prefix`
   * is given, or `source`. Other fields of the second argument are passed over, since hosts hand on one of their own.
   */
  handle(
    this: void,
    request: Request,
    options?: { readonly source?: K | undefined; readonly prefix?: string | undefined },
  ): Promise<Response>
  /**
   * Opens the inbox, reads the secrets, closes the list of handlers, begins to process; resolved when open. Idempotent.
   * @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID, ERR_INBOX_OWNED, ERR_INBOX_IO, ERR_INBOX_CORRUPT, ERR_INBOX_FOREIGN,
   * ERR_INBOX_VERSION, ERR_INBOX_MOUNT, ERR_RECEIVER_CLOSED
   */
  start(): Promise<void>
  /**
   * Stops: new requests get 503, bodies in flight are still answered truthfully, claimed work goes on for four fifths
   * of `timeoutMs` (default 10_000), then handlers get their signal; unfinished work goes back; the inbox closes.
   * @throws OptionError for options that are none; the receiver goes on then
   */
  close(options?: { readonly timeoutMs?: number }): Promise<{ readonly drained: boolean; readonly returned: number }>
  /** Resolves when nothing can be claimed now and nothing runs; a retry due later does not hold it. */
  whenIdle(): Promise<void>
  /**
   * Works off what can be claimed now, at most for `limitMs` (default: without limit) or until the signal, and returns:
   * for cron, and for hosts with `ack: 'handled'`. `settled` counts deliveries, `pending` those with work left.
   * @throws OptionError; what `start` throws
   */
  drain(options?: {
    readonly limitMs?: number
    readonly signal?: AbortSignal
  }): Promise<{ readonly settled: number; readonly pending: number }>
  /**
   * Puts a body in as if it had been delivered, marked by `origin` (default `backfill`); durable when it resolves.
   * @throws OptionError for a source that is not there, or a body that is none; what `start` throws
   */
  inject(
    source: K,
    body: Uint8Array | string | readonly object[],
    options?: { readonly origin?: 'backfill' | 'test' },
  ): Promise<{ readonly id: string; readonly status: 'accepted' | 'duplicate' }>
  /**
   * Adds a source. Resolves when its address takes requests; before `start`, when it is registered and `start` will read its
   * secrets. Its sender must be one of those that the receiver was made with. Deliveries that an earlier process stored
   * under the name are read from now on: add sources before `start`, or what waits of them is quarantined.
   * @throws OptionError (rejects) for a name that is taken or no path segment, a source that is none, another sender; what
   * reading its secrets throws; ERR_RECEIVER_CLOSED
   */
  addSource(name: string, source: Source<E>): Promise<void>
  /**
   * Removes a source: from now on its address answers 404. Requests that are past their credentials are stored and answered,
   * and what is stored is handled to the end.
   * @throws OptionError for a source that is not there; PosthornError ERR_RECEIVER_CLOSED
   */
  removeSource(name: string): void
  /**
   * Reads the secrets of all sources anew: environment variables and functions. Resolves when every request that comes is
   * checked by them; when one cannot be read nothing changes. Before `start` there is nothing to do.
   * @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID (rejects); ERR_RECEIVER_CLOSED
   */
  reloadSecrets(): Promise<void>
  /** Whether a delivery would be accepted now. Starts nothing: handlers may still be missing. */
  health(): Promise<Health>
  /** What has been counted since `start`. */
  metrics(): Metrics
  readonly inbox: InboxControl
  readonly [hostDoor]: HostDoor
  readonly [testDoor]: TestDoor
  readonly [repairDoor]: RepairDoor
  readonly [watchDoor]: WatchDoor
  readonly [deskDoor]: DeskDoor
  [Symbol.asyncDispose](): Promise<void>
}

/** The events of a receiver, or those that a pattern lets through. */
export type EventOf<R, N extends string = '*'> = R extends { on: unknown; readonly inbox: InboxControl } & Receiver<
  infer E,
  infer _K
>
  ? Matched<E, N>
  : never

export interface Metrics {
  readonly accepted: number
  readonly duplicates: number
  readonly probes: number
  /** Requests that were put to a source which answers by itself, however that ended. */
  readonly answered: number
  /** By code of the answer. */
  readonly rejected: Readonly<Record<string, number>>
  /** Requests that were not let in, by the reason that their senders are not told; a path of no source among them. */
  readonly turnedAway: Readonly<Record<string, number>>
  /** By source: what let its requests in, so that a rotation can end when nobody comes with the old secret any more. */
  readonly credentials: Readonly<Record<string, readonly CredentialUse[]>>
  /** Senders that were let in and hung up before they had their answer, in the middle of their bodies or after them. */
  readonly sendersLeft: number
  /** Events that handlers were called for with success: once for each handler. */
  readonly handled: number
  /** Attempts that failed and are repeated. */
  readonly retried: number
  readonly dead: number
  readonly quarantined: number
  readonly unhandled: number
  /** Same source and batch id as an earlier delivery, other bytes. */
  readonly conflicts: number
  /** Events that were absorbed as copies of others (`dedupeEvents`). */
  readonly duplicateEvents: number
  /**
   * Claims that another process took over while this one worked on them: what came of them here is dropped. Always 0 with
   * an inbox whose claims live as long as the process.
   */
  readonly claimsLost: number
  /** From the last byte of the body to the answer: how many took at most `ACK_BUCKETS_MS[i]`, the last one more. */
  readonly ackMs: { readonly buckets: readonly number[]; readonly sum: number; readonly count: number }
}

/** How often a credential let a request in since `start`, and when for the last time: before `start`, too, where it stored something. */
export interface CredentialUse {
  /** null: one without a label. */
  readonly label: string | null
  readonly count: number
  /** null: never. An inbox that keeps no last uses knows of none before `start`. */
  readonly lastUsedAt: Date | null
}
