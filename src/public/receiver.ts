/** The public shape of a receiver and of its options. Types only, exported from `posthorn`. */
import type { hostSeen, receive, secretPlaces, sourceNames, testDoor } from '../lib/symbols.ts'
import type {
  HostLimits,
  Inbox,
  NeutralRequest,
  NeutralResponse,
  SecretPlaces,
  Source,
  TestDoor,
} from '../ports/ports.ts'
import type {
  AnyEvent,
  DeadLetter,
  Delivery,
  DeliverySummary,
  Effect,
  Logger,
  Quarantined,
  RetryOptions,
} from '../types.ts'

export type Sources = Readonly<Record<string, Source<AnyEvent>>>
export type EventsOf<S extends Sources> = { [K in keyof S]: S[K] extends Source<infer E> ? E : never }[keyof S]

type Effects = `effect.${Exclude<Effect, 'none'>}`

/** What `on` can listen to: a native name, a normalised type, `<provider>.*`, an effect, or everything. */
export type NameOf<E extends AnyEvent> = '*' | E['name'] | E['type'] | `${E['provider']}.*` | Effects

/** The normalised types whose events can have an effect. */
type MayAct = 'bounced' | 'complained' | 'unsubscribed' | 'rejected'

/** The events that a pattern lets through. */
export type Matched<E extends AnyEvent, N extends string> = N extends '*'
  ? E
  : N extends `effect.${infer F extends Effect}`
    ? Extract<E, { type: MayAct }> & { readonly effect: F; readonly email: string }
    : N extends `${infer P}.*`
      ? Extract<E, { provider: P }>
      : Extract<E, { name: N }> | Extract<E, { type: N }>

/** What a handler is told beside its event. */
export interface HandlerContext {
  /** Fires when the attempt has timed out or the receiver must stop: give up then, the event is not lost. */
  readonly signal: AbortSignal
  /** 1 on the first call. */
  readonly attempt: number
  /** The durable name of the handler. */
  readonly handler: string
  /**
   * With `orderBy`: an event of the same key with a later `occurredAt` was handed before this one, as far back as the
   * process remembers: the latest 10 000 keys. False without `orderBy`, and in a replay.
   */
  readonly outOfOrder: boolean
}

export interface BatchFailures {
  readonly failed: ReadonlyArray<{ readonly id: string; readonly error: unknown }>
}

export type EventHandler<E> = (event: E, context: HandlerContext) => unknown
export type BatchHandler<E> = (
  events: readonly E[],
  context: HandlerContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without `return` is the common case
) => void | BatchFailures | Promise<void | BatchFailures>

export interface HandlerOptions<E, K extends string> {
  /** The durable name. Default: the event it listens to, plus `@source`. Renaming it starts a new handler: see `formerly`. */
  readonly name?: string
  /** Names this handler had before; work left under them is carried over at `start`. */
  readonly formerly?: readonly string[]
  /** Only events of these sources. */
  readonly source?: K | readonly K[]
  /** Default 36 attempts, 1_000 to 3_600_000 ms, factor 2, jitter ± 10 %: about a day. */
  readonly retry?: RetryOptions
  /** One attempt may take this long, in ms; then its signal fires and it has failed. Default 30_000. */
  readonly timeoutMs?: number
  /** Calls at once, over all deliveries. Default 8; 1 for `onBatch`. */
  readonly concurrency?: number
  /** false leaves the sender's test events out. Default true. */
  readonly tests?: boolean
  /**
   * Events with the same key run one at a time, in the order in which they were received: by delivery, then by place in
   * it. One that failed holds those after it until it is done or dead, over restarts too; other keys go on. null: in no
   * order. A key is a text of any length, such as the recipient; the same event must have the same key each time.
   */
  readonly orderBy?: (event: E) => string | null
}

export interface BatchOptions<K extends string> extends Omit<HandlerOptions<never, K>, 'orderBy'> {
  /** Most events in one call. Default 100. */
  readonly size?: number
  /** How long the first event of a batch waits for company, in ms. Default 1_000. */
  readonly maxWaitMs?: number
}

export interface InboxFilter {
  readonly since?: Date
  readonly until?: Date
  readonly source?: string
  readonly handler?: string
  /** Native name, `momentum.bounce`; dead letters only. */
  readonly name?: string
  /** Default: both. */
  readonly outcome?: 'dead' | 'quarantined'
  /** Ids of events or of deliveries; the way to them is direct. */
  readonly ids?: readonly string[]
  /** Only what died in this replay; with `drop`, all that is left of it. */
  readonly run?: string
}

/** What to hand out again. Times are those of receipt (of death, with `outcome: 'dead'`). */
export interface ReplayFilter extends Omit<InboxFilter, 'outcome' | 'run'> {
  /** Only deliveries that belong to this handler; without `to`, it is the one that gets them. */
  readonly handler?: string
  /** Native name, `momentum.bounce`: every delivery in range is read, so it asks for `since` (or `ids`). */
  readonly name?: string
  /**
   * `unhandled`: events that none of the handlers their delivery belongs to asks for now; without `to` for every
   * handler that does. Asks for `since`, as `name` does. `dead`: those with a dead letter, which stays.
   */
  readonly outcome?: 'unhandled' | 'dead'
  /** Durable names. Default: the handlers each delivery belongs to that somebody still has. */
  readonly to?: readonly string[]
  /** With `to`: only deliveries that do not belong to the handler, those from before it was registered. */
  readonly missed?: boolean
}

export interface ReparseFilter extends Pick<InboxFilter, 'since' | 'until' | 'source' | 'ids'> {
  /** Looks at what was handled too, not only at quarantine; asks for `since` (or `ids`). */
  readonly handled?: boolean
}

/** How a verb runs over many rows. */
export interface VerbOptions {
  /** Counts what matches and changes nothing. */
  readonly dryRun?: boolean
  /** Default: as fast as the inbox takes it. */
  readonly ratePerSecond?: number
  /** Stops between two portions; what was done stays done. */
  readonly signal?: AbortSignal
}

export interface ReplayOptions extends VerbOptions {
  /** Called for every delivery that was looked at. What it throws ends the verb. */
  readonly onProgress?: (progress: ReplayProgress) => void
}

export interface ReplayProgress {
  readonly run: string
  /** Looked at so far. */
  readonly deliveries: number
  readonly matched: number
  readonly queued: number
  /** When the last of them was received. They come oldest first, so one that was cut off can go on from here. */
  readonly reachedAt: Date
}

export interface VerbReport {
  readonly matched: number
  /** Really changed; 0 in a dry run. */
  readonly queued: number
}

/** Counts events: once, whoever gets them. Those that `erase` took out of a delivery count, and are handed to nobody. */
export interface ReplayReport extends VerbReport {
  /** The id that its events carry as `event.run`; also in a dry run, which makes nothing of it. */
  readonly run: string
  /** Deliveries whose events were to be looked at, and could not be read. */
  readonly unreadable: number
}

/** A delivery that reads otherwise now than it did when it was handled. */
export interface ReparseDifference {
  readonly deliveryId: string
  readonly source: string
  /** Number of elements; `recorded` is null where the delivery could not be read at all. */
  readonly elements: { readonly recorded: number | null; readonly now: number }
  /** In quarantine, and readable now, under these native names. */
  readonly readable: ReadonlyArray<{ readonly index: number; readonly name: string }>
  /** Not in quarantine, and not readable now; also what was dropped from quarantine. Only with `handled`. */
  readonly unreadable: ReadonlyArray<{ readonly index: number; readonly reason: string; readonly path: string | null }>
}

/** An event as it reads now, and where it stands. */
export interface StoredEvent {
  /** `<provider>.unknown` without a payload where its element cannot be read. */
  readonly event: AnyEvent
  /**
   * One entry for each handler that asks for it; none: it is unhandled. Of handlers that this process does not have
   * only what waits or failed is known.
   */
  readonly progress: ReadonlyArray<{
    readonly handler: string
    readonly outcome: 'done' | 'dead' | 'quarantined' | 'pending'
    /** Attempts already made; null where they are not kept. */
    readonly attempts: number | null
  }>
}

export interface InboxStats {
  /** Deliveries with work left: never claimed, under way, or waiting for a retry. */
  readonly pending: number
  /** When the oldest of them was received; those that wait for replays alone left out. */
  readonly oldestPendingAt: Date | null
  readonly deadLetters: number
  readonly quarantined: number
  /** Events that no handler asked for, by native name. */
  readonly unhandled: Readonly<Record<string, number>>
  /** Bodies that nobody has read yet, in bytes. */
  readonly pendingBytes: number
  /** Dead letters and quarantined bytes that were dropped. */
  readonly cancelled: number
  /** Dead letters and quarantine that were removed because their time was over: see `retention`. */
  readonly expired: number
  /** Elements that were taken out of stored bytes by `erase`. */
  readonly erased: number
  readonly paused: readonly PausedHandler[]
  /** Work of handlers that nobody has registered for 24 h, by handler; dropped only by hand. */
  readonly orphaned: Readonly<Record<string, number>>
  /** What is left of replays, by run: events in ranges that wait, once for each handler. */
  readonly replays: Readonly<Record<string, number>>
  /** Events that were absorbed as copies of others (`dedupeEvents`), by source. */
  readonly duplicateEvents: Readonly<Record<string, number>>
}

export interface PausedHandler {
  readonly handler: string
  readonly by: 'hand' | 'failures'
  readonly since: Date
}

/** A look into the inbox. Newest first. */
export interface InboxControl {
  stats(): Promise<InboxStats>
  deliveries(filter?: InboxFilter): AsyncIterable<DeliverySummary>
  delivery(id: string): Promise<Delivery | null>
  deadLetters(filter?: InboxFilter): AsyncIterable<DeadLetter>
  quarantine(filter?: InboxFilter): AsyncIterable<Quarantined>
  /** Runs again what failed: dead letters for their handler, quarantine for every handler its delivery belongs to. */
  retry(filter: InboxFilter, run?: VerbOptions): Promise<VerbReport>
  /**
   * Hands out again what was handled, marked (`event.isReplay`, `event.run`), past every dedupe; durable when it
   * resolves. It covers what died, too, and leaves the dead letter as it is; it does not cover what is in quarantine,
   * nor deliveries whose first pass has not ended.
   * @throws OptionError naming the field; ERR_REPLAY_CANCELLED when `drop({ run })` comes while it is under way
   */
  replay(filter: ReplayFilter, run?: ReplayOptions): Promise<ReplayReport>
  /** What reads otherwise now than when it was handled: in quarantine, and with `handled` everywhere. Changes nothing. */
  differences(filter?: ReparseFilter): AsyncIterable<ReparseDifference>
  /** Makes work of what is in quarantine and readable now, for every handler its delivery belongs to. */
  reparse(filter: ReparseFilter, run?: VerbOptions): Promise<VerbReport>
  /** null: there is no such event, or its delivery cannot be read. */
  event(id: string): Promise<StoredEvent | null>
  /** Gives up dead letters and quarantine; they end as cancelled. With `run` alone: all that is left of a replay. */
  drop(filter: InboxFilter, run?: VerbOptions): Promise<VerbReport>
  /** The handler gets nothing more until `resume`, also after a restart; its work waits. */
  pause(handler: string): Promise<void>
  resume(handler: string): Promise<void>
  /**
   * Everything that is stored of a person: events whose element names the address, anywhere and in any writing, save where
   * the sender of a mail names itself; elements and bodies that cannot be read and name it.
   * @throws OptionError ERR_OPTION when `email` is no address
   */
  export(person: PersonFilter): AsyncIterable<PersonalRecord>
  /**
   * Takes what `export` finds out of the stored bytes, the dead letters, the quarantine and the work that waits; ids and
   * indices of the others stay, and a repeat of its delivery is still known. Walks through all that was stored when it
   * was called, waits for what is with its handler now, and resolves when none of it is to be handed to a handler, and
   * none of it is left in the files of the inbox.
   * @throws OptionError ERR_OPTION when `email` is no address
   */
  erase(person: PersonFilter, run?: EraseOptions): Promise<EraseReport>
  /** Lets go now of what `retention` says, which is otherwise done in the background. */
  prune(): Promise<PruneReport>
}

/** A person, and where to look; without limits, everywhere. */
export interface PersonFilter {
  readonly email: string
  readonly since?: Date
  readonly until?: Date
  readonly source?: string
}

export interface PersonalRecord {
  /** Id of the event; of the delivery where its body as a whole could not be read. */
  readonly id: string
  readonly source: string
  readonly receivedAt: Date
  /** null: it cannot be read, and is in quarantine. */
  readonly event: AnyEvent | null
  /** The bytes as received. */
  readonly raw: Uint8Array
  /** Handlers for which it is a dead letter. */
  readonly deadFor: readonly string[]
}

export interface EraseOptions extends VerbOptions {
  /** Called after each delivery that was searched. */
  onProgress?(report: EraseReport): void
}

export interface EraseReport extends VerbReport {
  /** Deliveries that were searched. */
  readonly deliveries: number
  /** Deliveries that nobody can look into: damaged, or in a content coding that could not be undone. */
  readonly closed: number
}

export interface PruneReport {
  /** Deliveries that have lost their bytes. */
  readonly bodies: number
  /** Deliveries that are forgotten. */
  readonly deliveries: number
  readonly deadLetters: number
  readonly quarantined: number
}

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

export interface Health {
  /** Whether a delivery would be accepted now. */
  readonly ready: boolean
  /** Why not; or, while it is ready, what needs a look: work that waits for `drain`. */
  readonly reason: string | null
  readonly backlog: { readonly deliveries: number; readonly bytes: number; readonly oldestAt: Date | null }
  readonly paused: readonly PausedHandler[]
}

/** What happens inside, for code. Called after the fact is stored; what a hook throws is logged and changes nothing. */
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
  /** Default: warnings and errors on stderr, one line each, and one line at start. `false` is silence. */
  readonly logger?: Logger | false
  readonly hooks?: Hooks
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
  /** With `ack: 'handled'`: whether retries run between requests, in a host that lives on. Default false: see `drain`. */
  readonly background?: boolean
  /** A repeat of a delivery with dead letters: `record` it on them (default), or `rearm` them. */
  readonly onRedelivery?: 'record' | 'rearm'
  /** How long what is finished is kept. */
  readonly retention?: RetentionOptions
}

export type ReceiverRole = 'both' | 'receive' | 'process' | 'control'

export interface Receiver<E extends AnyEvent, K extends string = string> {
  /**
   * Registers a handler for the events that match; at least once each, in no promised order but that of `orderBy`.
   * @throws OptionError ERR_PATTERN (misspelt), ERR_HANDLER_NAME (name taken), ERR_OPTION
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
   * Answers a fetch request; bound, so it can be passed on as it is. Never rejects. The source is the last path
   * segment, exactly `<prefix>/<source>` where `prefix` is given, or `source`.
   */
  handle(
    this: void,
    request: Request,
    options?: { readonly source?: K | undefined; readonly prefix?: string | undefined },
  ): Promise<Response>
  /**
   * Opens the inbox, reads the secrets, closes the list of handlers, begins to process; resolved when open. Idempotent.
   * @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID, ERR_INBOX_OWNED, ERR_INBOX_IO, ERR_INBOX_CORRUPT, ERR_INBOX_FOREIGN,
   * ERR_INBOX_VERSION, ERR_RECEIVER_CLOSED
   */
  start(): Promise<void>
  /**
   * Stops: new requests get 503, bodies in flight are still answered truthfully, claimed work goes on for four fifths
   * of `timeoutMs` (default 10_000), then handlers get their signal; unfinished work goes back; the inbox closes.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<{ readonly drained: boolean; readonly returned: number }>
  /** Resolves when nothing can be claimed now and nothing runs; a retry due later does not hold it. */
  whenIdle(): Promise<void>
  /**
   * Works off what can be claimed now, at most for `limitMs` (default: without limit) or until the signal, and returns:
   * for cron, and for hosts with `ack: 'handled'`. `settled` counts deliveries, `pending` those with work left.
   */
  drain(options?: {
    readonly limitMs?: number
    readonly signal?: AbortSignal
  }): Promise<{ readonly settled: number; readonly pending: number }>
  /** Puts a body in as if it had been delivered, marked by `origin` (default `backfill`); durable when it resolves. */
  inject(
    source: K,
    body: Uint8Array | string | readonly object[],
    options?: { readonly origin?: 'backfill' | 'test' },
  ): Promise<{ readonly id: string; readonly status: 'accepted' | 'duplicate' }>
  health(): Promise<Health>
  /** What has been counted since `start`. */
  metrics(): Metrics
  readonly inbox: InboxControl
  readonly [receive]: (request: NeutralRequest) => Promise<NeutralResponse>
  readonly [sourceNames]: readonly string[]
  readonly [secretPlaces]: (source: string) => SecretPlaces
  readonly [hostSeen]: (limits: HostLimits) => void
  readonly [testDoor]: TestDoor
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
  /** By code of the answer. */
  readonly rejected: Readonly<Record<string, number>>
  /** Requests whose credentials were not let in, by reason, where the kind of authentication tells one. */
  readonly turnedAway: Readonly<Record<string, number>>
  /** By source: what let its requests in, so that a rotation can end when nobody comes with the old secret any more. */
  readonly credentials: Readonly<Record<string, readonly CredentialUse[]>>
  /** Deliveries whose sender left before our answer. */
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
  /** From the last byte of the body to the answer: how many took at most `ACK_BUCKETS_MS[i]`, the last one more. */
  readonly ackMs: { readonly buckets: readonly number[]; readonly sum: number; readonly count: number }
}

/** How often a credential let a request in since `start`, and when for the last time. */
export interface CredentialUse {
  /** null: one without a label. */
  readonly label: string | null
  readonly count: number
  /** null: not since `start`. */
  readonly lastUsedAt: Date | null
}
