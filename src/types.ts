/**
 * The vocabulary of Posthorn: types only, exported from `posthorn`.
 *
 * - **sender**: the system that posts to us: Momentum, SparkPost, Mailjet, eSputnik
 * - **provider**: our module that knows one sender
 * - **source**: one configured endpoint: a provider, its auth and options, under a name that is its path segment
 * - **delivery**: one HTTP request of a sender as it was received
 * - **event**: one item of a delivery, typed
 * - **inbox**: the durable store of deliveries and of the progress on them
 * - **handler**: a user's async function (or batch function) with a durable name
 * - **claim**: the right to work on a delivery
 * - **attempt**: one call of one handler for one event, or one group
 * - **dead letter**: an event whose handler failed for good; belongs to (event, handler)
 * - **quarantine**: bytes that no handler has seen because they cannot be read; belongs to no handler
 * - **unhandled**: the end of an event that no handler asked for
 *
 * Instants are `Date` in public types and epoch milliseconds in ports.
 */

export type Channel = 'email' | 'sms' | 'viber' | 'push' | 'web' | 'other'

/** What an event asks the receiver's own mailing list to do. `none` on tests and on events without an address. */
export type Effect = 'suppress' | 'unsubscribe' | 'none'

/** Coarse grouping of `type`, for routing and statistics. */
export type Category = 'delivery' | 'engagement' | 'list' | 'inbound' | 'system' | 'other'

export interface Bounce {
  /** `hard`: the address does not exist. `soft`: temporary. `block`: refused by policy. `admin`: our side's own rules. */
  readonly kind: 'hard' | 'soft' | 'block' | 'admin' | 'undetermined'
  /** The sender's own classification: Momentum `bounce_class`, Mailjet `error`; null where there is none. */
  readonly class: string | null
  /** The sender's text, as sent. */
  readonly reason: string | null
  /**
   * The sender's platform already refuses this address (Mailjet `blocked`, eSputnik `hardBounce`, SparkPost by the text of
   * the reply); null where unknown.
   */
  readonly alreadySuppressed: boolean | null
}

export interface Smtp {
  /** Three-digit reply code. */
  readonly code: number | null
  /** Enhanced status code, `5.1.1`. */
  readonly enhanced: string | null
  readonly text: string | null
}

/** Where a click, an open or an unsubscribe came from, as the sender reports it. */
export interface EventClient {
  readonly ip: string | null
  /** Country code as sent; not only ISO countries (`EU` for some proxies). */
  readonly country: string | null
  readonly region: string | null
  readonly city: string | null
}

/** What the sender says about machines standing in for the recipient; null where it says nothing. */
export interface Automation {
  readonly prefetched: boolean | null
  readonly proxied: boolean | null
}

/** What a normalised type adds to every event. */
export interface EventDetails {
  delivered: { readonly smtp: Smtp | null }
  bounced: { readonly bounce: Bounce; readonly smtp: Smtp | null }
  deferred: { readonly bounce: Bounce; readonly smtp: Smtp | null }
  rejected: { readonly bounce: Bounce }
  clicked: {
    readonly url: string | null
    readonly linkName: string | null
    readonly userAgent: string | null
    readonly client: EventClient
    readonly automation: Automation
    /** True when any automation flag is true; null when the sender gives none. */
    readonly automated: boolean | null
  }
  opened: {
    /** `counts`: add these up to count each display once (SparkPost sends two pixels). */
    readonly open: { readonly pixel: 'top' | 'bottom'; readonly amp: boolean; readonly counts: boolean }
    readonly userAgent: string | null
    readonly client: EventClient
    readonly automation: Automation
    readonly automated: boolean | null
  }
  unsubscribed: { readonly userAgent: string | null; readonly client: EventClient }
  preferences_changed: { readonly subscriptions: readonly string[] }
  /** null where the event is about a mail and does not bring it, `momentum.relay_injection`, and of a short message. */
  inbound: { readonly mail: InboundMail | null }
}

/** A mail that came in, as its sender has taken it apart. */
export interface InboundMail {
  /** The From header as the sender gives it: SparkPost the address alone, Mailjet with the name. Anybody can write anything. */
  readonly from: string | null
  /** The address of the envelope, MAIL FROM. */
  readonly envelopeFrom: string | null
  /** The addresses of the envelope, RCPT TO: whom it was delivered to, whatever its To header says. */
  readonly envelopeTo: readonly string[]
  readonly subject: string | null
  readonly text: string | null
  /** Anybody's: to be shown, it has to be made safe. */
  readonly html: string | null
  /** In order where the sender keeps it (SparkPost); values are not decoded. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /**
   * What is attached, inline images too, in order. Parsed when it is asked for, each time: keep what it gives.
   * @throws ERR_MAIL_UNREADABLE for a mail that is no MIME, or has more than 1 000 parts or 1 MB of headers
   */
  attachments(): Promise<readonly MailAttachment[]>
  /** The mail as it came in, RFC 5322; null where the sender does not give it (Mailjet). */
  raw(): Uint8Array | null
}

export interface MailAttachment {
  /** Made safe for a file system: no folders, no control characters, no leading dot; null where there is no name left. */
  readonly filename: string | null
  /** As the mail says, in lower case; nobody has looked. */
  readonly contentType: string
  /** What `cid:` in the HTML names, without `<>`. */
  readonly contentId: string | null
  readonly isInline: boolean
  readonly bytes: Uint8Array
}

/** What every event carries, whatever its sender. */
export interface EventBase {
  /** `<delivery id>.<index>`: the idempotency key. The same for every attempt and every redelivery. */
  readonly id: string
  /** The id of the replay this event came with; null on the first run. */
  readonly run: string | null
  /** The sender's own event id; null where it has none. Unique only together with `nativeType`. */
  readonly senderEventId: string | null
  readonly source: string
  /** The sender's own words, always there: `track_event.click`, `open`, `DELIVERED`. */
  readonly nativeType: string
  readonly category: Category
  readonly occurredAt: Date
  /**
   * What `occurredAt` is: the sender's instant (`sender`), its wall clock without a zone (`sender-without-zone`), its
   * number read as milliseconds because it is no time since the year 2000 as seconds (`sender-milliseconds`), or the time
   * of receipt, where the sender gives none or one before 2000 or more than a year after the receipt (`received`).
   */
  readonly occurredAtFrom: 'sender' | 'sender-without-zone' | 'sender-milliseconds' | 'received'
  readonly receivedAt: Date
  /** `receivedAt` − `occurredAt` in milliseconds; negative when the sender's clock is ahead. */
  readonly lateMs: number
  /**
   * `recipient` where `channel` is `email`, else null; in one writing whichever way the sender wrote it, so that equal
   * texts are one address: what `canonicalEmail` gives. Keys of your own tables should be made with it.
   */
  readonly email: string | null
  /** The address as sent: mail address, phone number, push token. */
  readonly recipient: string | null
  readonly channel: Channel
  /** The copy one recipient got: Momentum `message_id`, Mailjet `MessageID`, eSputnik `iid` in lower case. */
  readonly messageId: string | null
  readonly transmissionId: string | null
  readonly tags: readonly string[]
  /**
   * What the application gave the sender with the message: Momentum `rcpt_meta`, Mailjet `Payload` where it is a JSON
   * object; else empty. Of a source with a `metadata` schema it is what the schema made of it, where it fits.
   */
  readonly metadata: Readonly<Record<string, unknown>>
  /** What does not fit the `metadata` schema of the source, 20 at most; null: it fits, or the source has no schema. */
  readonly metadataIssues: readonly MetadataIssue[] | null
  readonly effect: Effect
  readonly delivery: {
    readonly id: string
    /** Index of the element in the body as received; 0 for a bare object. */
    readonly index: number
    /** Number of elements in the body. */
    readonly size: number
    readonly batchId: string | null
    /** The sender had hung up before our answer; a redelivery of the same bytes is to be expected. */
    readonly senderLeft: boolean
    /** Label of the credential that let the delivery in; null where it has none. */
    readonly credential: string | null
  }
  readonly isTest: boolean
  readonly isReplay: boolean
}

/** Why the metadata of an event does not fit the schema of its source. */
export interface MetadataIssue {
  /** The words of the schema; some schemas put the value into them. */
  readonly message: string
  /** Where, as a JSON pointer into the metadata; empty for all of it. */
  readonly path: string
}

/** A schema of any library that implements Standard Schema 1 (standardschema.dev): zod, valibot, arktype and others. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

/** A schema for metadata: it makes an object of it. */
export type MetadataSchema = StandardSchema<object>

/**
 * An event of a source with the schema S for metadata: either it fits, and `metadataIssues` is null, or `metadata` is as
 * sent. With `never` for S the event as it is.
 */
export type WithMetadata<E, S> = [S] extends [never]
  ? E
  : E extends unknown
    ? Omit<E, 'metadata' | 'metadataIssues'> & (FittingMetadata<OutputOf<S>> | OtherMetadata)
    : never

interface FittingMetadata<O> {
  readonly metadata: Readonly<O>
  readonly metadataIssues: null
}

interface OtherMetadata {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly metadataIssues: readonly MetadataIssue[]
}

type OutputOf<S> = S extends StandardSchema<infer O> ? WithKeys<O> : never

/** Of a schema that does not say which object it makes, any object. */
type WithKeys<O> = O extends unknown ? ([keyof O] extends [never] ? Record<string, unknown> : O) : never

// biome-ignore lint/complexity/noBannedTypes: {} is the neutral element of an intersection
type DetailsOf<T extends string> = T extends keyof EventDetails ? EventDetails[T] : {}

declare const nativeClass: unique symbol

/** One event: P provider, N native name, T normalised type, L payload; C its class, where the sender has classes. */
export type TypedEvent<
  P extends string,
  N extends string,
  T extends string,
  L,
  C extends string = never,
> = EventBase & {
  readonly provider: P
  readonly name: N
  readonly type: T
  readonly payload: L
} & DetailsOf<T> &
  Classified<C>

// biome-ignore lint/complexity/noBannedTypes: {} is the neutral element of an intersection
type Classified<C extends string> = [C] extends [never] ? {} : { readonly [nativeClass]?: C }

/** The sender's class of an event, `track_event`, known to the compiler alone; never where the sender has no classes. */
export type NativeClassOf<E> = E extends { readonly [nativeClass]?: unknown }
  ? typeof nativeClass extends keyof E
    ? Extract<E[typeof nativeClass], string>
    : never
  : never

export type AnyEvent = EventBase & {
  readonly provider: string
  readonly name: string
  readonly type: string
  readonly payload: unknown
}

/** A secret: the text, the name of an environment variable, or a function; read at `start`, and by `reloadSecrets`. */
export type Secret = string | { readonly env: string; readonly optional?: boolean } | (() => string | Promise<string>)

/** One secret, or several during a rotation; a label names the credential that matched, on `event.delivery.credential`. */
export type Secrets = Secret | ReadonlyArray<Secret | { readonly label: string; readonly secret: Secret }>

export interface RetryOptions {
  /** Default 36 calls in all, about a day. Minimum 1. */
  readonly attempts?: number
  /** Pause before the second attempt, in ms. Default 1_000; doubled each time, jitter ± 10 %. */
  readonly minMs?: number
  /** Longest pause, in ms. Default 3_600_000. */
  readonly maxMs?: number
}

/** What a log line is about: stable, while its message may change. `docs/operations.md` has a row for each. */
export type LogEvent =
  | 'start'
  | 'start.failed'
  | 'stop'
  | 'stopped'
  | 'stop.kept'
  | 'source.added'
  | 'source.removed'
  | 'source.option'
  | 'source.checked'
  | 'source.unknown'
  | 'source.credential'
  | 'delivery.refused'
  | 'delivery.test'
  | 'delivery.conflict'
  | 'delivery.bare_words'
  | 'delivery.not_stored'
  | 'call.failed'
  | 'call.doubtful'
  | 'call.not_recorded'
  | 'auth.refused'
  | 'auth.budget'
  | 'auth.keys_unreachable'
  | 'auth.custom_failed'
  | 'token.issued'
  | 'token.refused'
  | 'secret.short'
  | 'secret.reloaded'
  | 'sender.left'
  | 'event.unhandled'
  | 'event.unknown'
  | 'event.copy'
  | 'event.remark'
  | 'handler.none'
  | 'handler.failed'
  | 'handler.dead'
  | 'handler.paused'
  | 'handler.resumed'
  | 'handler.new'
  | 'handler.absent'
  | 'handler.orphaned'
  | 'source.orphaned'
  | 'claim.lost'
  | 'quarantine.element'
  | 'quarantine.delivery'
  | 'inbox.in_memory'
  | 'inbox.waiting'
  | 'inbox.opened'
  | 'inbox.trouble'
  | 'inbox.recovered'
  | 'inbox.damaged'
  | 'inbox.shard_down'
  | 'inbox.shard_up'
  | 'inbox.over_max'
  | 'inbox.snapshot_held'
  | 'inbox.order_taken'
  | 'inbox.clock_leapt'
  | 'inbox.stale'
  | 'inbox.close_failed'
  | 'dashboard.acted'
  | 'dashboard.refused'
  | 'dashboard.failed'
  | 'hook.threw'
  | 'host.time_limits'
  | 'host.body_consumed'
  | 'host.raw_body'
  | 'host.failed'
  | 'internal'

/** The facts of a log line as fields; never an address, a secret or a payload. */
export type LogFacts = { readonly event: LogEvent; readonly [fact: string]: unknown }

/** As pino has it. A winston logger is called with the message first. */
export interface Logger {
  info(facts: LogFacts, message: string): void
  warn(facts: LogFacts, message: string): void
  error(facts: LogFacts, message: string): void
}

/** What is kept of an error: never a secret or an address, unless the handler's own error holds one. Long texts are cut. */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
  readonly code: string | null
  /** The frames, one a line, without the message. Absent: there are none, or another error has them (`stackAt`). */
  readonly stack?: string | undefined
  /** What the error was caused by, up to four deep. */
  readonly cause?: ErrorRecord | undefined
  /** The first five errors of an `AggregateError`. */
  readonly errors?: readonly ErrorRecord[] | undefined
}

/** One failed attempt. `stack`, `cause` and `errors` are kept for the first and the latest attempt. */
export interface AttemptError extends ErrorRecord {
  readonly attempt: number
  readonly at: Date
  /**
   * Many events of a delivery tend to fail in one place, so equal stacks are kept once: the index, in the delivery, of
   * the event whose error has this one's `stack`. It is gone when that event is.
   */
  readonly stackAt?: number | undefined
}

/** (event, handler) that failed for good; kept until it is retried or dropped. */
export interface DeadLetter {
  readonly event: AnyEvent
  readonly handler: string
  readonly attempts: number
  /** The first and the latest nine failures, oldest first. */
  readonly errors: readonly AttemptError[]
  readonly since: Date
  /** How many repeats of its delivery have come since. */
  readonly redeliveries: number
}

/** Bytes that no handler has seen. */
export interface Quarantined {
  readonly source: string
  readonly deliveryId: string
  /** The element; null when the whole delivery could not be read. */
  readonly index: number | null
  readonly reason: string
  /** Where in the element, as a JSON pointer; null where that cannot be said. */
  readonly path: string | null
  /** When it was set aside. */
  readonly since: Date
}

/** A sender that did not get our answer: its own time limit was over, its connection broke, or the host was faster. */
export interface SenderDeparture {
  readonly source: string
  /** null: its body was not complete, and nothing is stored. */
  readonly deliveryId: string | null
  /** From the head of its request until it hung up, in ms. */
  readonly afterMs: number
  /**
   * Whether its delivery was durable by then. Where it was not, a complete body is stored all the same; either way the
   * repeat is absorbed (`ack: 'stored'`), or goes on where this request stopped (`ack: 'handled'`).
   */
  readonly committed: boolean
  /** The sender did not hang up: the host has answered in our place, at a time limit of its own for example. */
  readonly hostAnswered: boolean
}

export interface DeliverySummary {
  readonly id: string
  readonly source: string
  readonly receivedAt: Date
  /** Size of the body as received. */
  readonly bytes: number
  /** Number of elements; null until the delivery was read for the first time. */
  readonly events: number | null
  /** The sender had hung up before our answer. */
  readonly senderLeft: boolean
  /** How many identical deliveries were absorbed. */
  readonly duplicates: number
  /** Test traffic of the sender, told by its constant batch id. */
  readonly isTest: boolean
  /** The sender's id of the batch; null where it sends none. */
  readonly batchId: string | null
  /** What is left of its bytes: `some` after elements were erased, `none` when its time was over. */
  readonly kept: 'all' | 'some' | 'none'
}

export interface Delivery extends DeliverySummary {
  /** SHA-256 of the body as received, hex. */
  readonly sha256: string
  readonly credential: string | null
  /** Headers of record: content-type, content-encoding, content-length, user-agent, batch id. Never credentials. Empty with `kept: 'none'`. */
  readonly headers: ReadonlyArray<readonly [string, string]>
  /**
   * The bytes as received, after the content coding; where `kept` is `some`, `"erased"` stands in the place of each
   * element that was taken out.
   * @throws ERR_BODY_GONE where `kept` is `none`
   */
  body(): Promise<Uint8Array>
}
