/**
 * The seams: what core asks of auth kinds, providers, inboxes and hosts, and what adapters may ask of core.
 * Types only. Instants are epoch milliseconds here.
 */
import type { Chunks } from '../http/flow.ts'
import type { hostSeen, port, receive, secretPlaces, sourceNames } from '../lib/symbols.ts'
import type { AnyEvent, Category, Channel, Effect, Logger } from '../types.ts'

// ---- hosts -------------------------------------------------------------------------------------------------------

/** One HTTP request, stripped of its framework. */
export interface NeutralRequest {
  readonly method: string
  /** Path and query as on the request line, undecoded: below the mount in Express, whole in node and fetch. */
  readonly target: string
  /** Name and value in turn, as received, duplicates kept (`req.rawHeaders`). */
  readonly rawHeaders: readonly string[]
  /**
   * The bytes: a stream that fails when the peer goes away, bytes the host has kept, null when there is no body,
   * or `'consumed'` when another parser has eaten it.
   */
  readonly body: Chunks | Uint8Array | null | 'consumed'
  /** Fires when the peer has left before its answer; made lazily, so touch it only where it is needed. */
  readonly gone: AbortSignal
  /** The source, where the host has decided it; otherwise the last segment of `target`. */
  readonly source?: string | undefined
  /** With `prefix`, the path must be exactly `<prefix>/<name>`, with the secret before the name where it stands there. */
  readonly prefix?: string | undefined
  /** Address of the connection, a proxy's where there is one; made lazily; undefined where the host does not show it. */
  readonly peer?: string | undefined
}

/** How a request finds its source where its path alone does not say. */
export interface Place {
  /** Every request is for this source, whatever its path. */
  readonly source?: string | undefined
  /** The path must be exactly `<prefix>/<name>`. */
  readonly prefix?: string | undefined
}

export interface NeutralResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text; empty for HEAD. */
  readonly body: string
  /** Close the connection after the answer; a body still coming is read for at most 64 kB or 500 ms, then cut. */
  readonly closeConnection: boolean
  /** The code of a refusal; null when the answer is 200. Express hands `unknown_source` to `next()`. */
  readonly code: string | null
  /** To be called by the host, at most once, when the peer left before the answer was handed to the system. */
  readonly onUndelivered?: (() => void) | undefined
}

/** What an adapter needs of a receiver. */
export interface ReceiverLike {
  /** Never rejects. Starts the receiver if nobody has. */
  readonly [receive]: (request: NeutralRequest) => Promise<NeutralResponse>
  readonly [sourceNames]: readonly string[]
  /** Where the address of a source holds a secret, so that a host can route it and keep it out of its logs. */
  readonly [secretPlaces]?: (source: string) => SecretPlaces
  /** Told once of every server that serves the receiver: its time limits may be at odds with ours. */
  readonly [hostSeen]?: (limits: HostLimits) => void
  start(): Promise<void>
  close(options?: { readonly timeoutMs?: number }): Promise<unknown>
}

/** Where in an address a kind of authentication looks for its secret. */
export interface SecretPlaces {
  /** In the segment before the name: there alone, or there too, beside other credentials. */
  readonly path: 'only' | 'also' | null
  readonly query: boolean
}

/** The time limits of a `node:http` server, in ms; 0 is none. */
export interface HostLimits {
  readonly requestTimeout?: number | undefined
  readonly headersTimeout?: number | undefined
}

/** What `posthorn/testing` needs of a receiver: to post as a sender does, and to see what became of it. */
export interface TestDoor {
  source(name: string): SourcePort | undefined
  /** Calls `tell` after each settlement, until the returned function is called. */
  watch(tell: (claim: Claim, settlement: Settlement) => void): () => void
}

/** Time, as core sees it. */
export interface Clock {
  /** The wall clock, in epoch ms: somebody may set it on or back at any moment. */
  now(): number
  /** A clock that nobody sets, in ms since any start: for what is measured, not told. */
  steady(): number
  /** Calls `run` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void
}

// ---- auth --------------------------------------------------------------------------------------------------------

export interface Auth {
  /** `token`, `basic`, …: shown in the start line. */
  readonly scheme: string
  readonly [port]: AuthPort
}

export interface AuthPort {
  /** Value of `WWW-Authenticate` on 401 (RFC 9110 section 11.6.1); empty for none. */
  readonly challenge: string
  /** Labels of what it knows, so that one which nothing came with can be told from one that does not exist. */
  readonly labels?: readonly string[] | undefined
  /** Absent: not in the address. */
  readonly places?: SecretPlaces | undefined
  /** Its check costs time that others than we decide on: it is left out where a quick one has let the request in. */
  readonly slow?: boolean | undefined
  /**
   * Called once, at `start`: reads the secrets and returns the check.
   * @throws ERR_SECRET_MISSING naming what is missing, never its value.
   */
  prepare(at: AuthSetting): Promise<Verify>
  /**
   * What a request carries that the check lets in, made from the same secrets, the first where there are several. For
   * tests that post as the sender does; nothing else calls it. Absent where a kind cannot say.
   * @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID as `prepare` does
   */
  present?(at: SecretSetting): Promise<Presented>
}

/** The credentials of one request, as they stand on the wire. */
export interface Presented {
  /** Name and value in turn; values as the bytes of the wire, one character each. */
  readonly rawHeaders: readonly string[]
  /** What follows the `?` of the address; empty where nothing does. */
  readonly query: string
  /** The segment before the name of the source; absent where the address needs none. */
  readonly segment?: string | undefined
}

/** Where secrets are read from. */
export interface SecretSetting {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly source: string
  /** For the start. */
  readonly logger: Logger
}

export interface AuthSetting extends SecretSetting {
  /** For requests: the first of a `kind` at once, then a count a minute. */
  notice(kind: string, level: 'warn' | 'error', message: string, facts?: object): void
  readonly clock: Clock
}

/**
 * Decides from the head of the request alone. Compares in constant time over every candidate; never throws and never
 * rejects. A promise only where somebody else has to be asked, or where the answer takes real work.
 */
export type Verify = (request: AuthRequest) => Verdict | Promise<Verdict>

/** The head of a request; the fields are those of `NeutralRequest`. */
export interface AuthRequest {
  readonly rawHeaders: readonly string[]
  readonly target: string
  /** Given where the host has decided the source: then the path does not end in its name. */
  readonly source?: string | undefined
  readonly peer?: string | undefined
}

export type Verdict = { readonly ok: true; readonly credential: string | null } | Refused

export interface Refused {
  readonly ok: false
  /** Nobody can tell now: 503, since 401 has a sender throw away a token that may be good. */
  readonly unavailable?: true
  /** There is no such address: 404. */
  readonly hidden?: true
  /** One word for operators, from a closed list of the kind; never told to the sender. */
  readonly reason?: string
}

// ---- providers and sources ---------------------------------------------------------------------------------------

declare const events: unique symbol

/** One configured endpoint, made by a provider's factory. */
export interface Source<out E extends AnyEvent> {
  readonly provider: string
  readonly [port]: SourcePort
  readonly [events]?: E
}

export interface SourcePort {
  readonly provider: Provider
  readonly auth: Auth
  /** Largest body, after the content coding, in bytes; null leaves it to the receiver's limits. */
  readonly bodyBytes: number | null
  /** How long the sender is let wait for its answer, in ms; null leaves it to the receiver. */
  readonly ackWithinMs?: number | null | undefined
  /** For how long, in ms, an event that was handled absorbs copies of it in other deliveries; null: not at all. */
  readonly dedupeWindowMs?: number | null | undefined
  /** What the operator should know about the options taken: one warning each at start. No secrets. */
  readonly notices?: readonly string[] | undefined
}

/** What we know of one sender. Pure: no I/O, no clock. */
export interface Provider {
  /** First word of its event names. */
  readonly name: string
  /** Bodies that are probes, written without white space; answered 200, never stored. The empty body always is. */
  readonly probes: readonly string[]
  /** Whether GET is answered 200 without credentials (eSputnik checks an address so). */
  readonly answersGet: boolean
  /** Lower-case name of the header that carries the sender's batch id; null where it has none. */
  readonly batchIdHeader: string | null
  /** Batch ids that only test traffic carries. */
  readonly testBatchIds: ReadonlySet<string>
  /** Every native name, with the normalised types its events can have. */
  readonly catalogue: ReadonlyMap<string, readonly string[]>
  /**
   * Fields directly in an element that are text in the payload, whatever the wire has: integers there may reach `read` as
   * text already, which is cheaper than turning them into it. Absent: there are none, or they lie deeper.
   */
  readonly ids?: readonly string[]
  /** Reads one parsed element. Never throws: what it cannot read it returns as `Unreadable`. */
  read(element: unknown): Reading | Unreadable
  /**
   * What tells an event without an id of its sender from all others, the version of the recipe first; null where the
   * event has too little for that. Never throws.
   */
  fingerprint?(event: Pick<Reading, 'nativeType' | 'payload'>): string | null
  /**
   * Fields, at any depth of the element, in which whoever sent the mail names itself: an address there does not make the
   * event one about that person. Absent: there are none.
   */
  ownFields?(reading: Reading): readonly string[]
}

/** One element as the provider understands it; core adds identity and delivery. */
export interface Reading {
  /** Native name with the provider in front, `momentum.click`; `<provider>.unknown` for what the catalogue lacks. */
  readonly name: string
  readonly nativeType: string
  readonly type: string
  readonly category: Category
  /** The wire object with its identifiers as strings. */
  readonly payload: object
  readonly senderEventId: string | null
  /** null: the element has no usable time, so the time of receipt stands in. */
  readonly occurredAt: number | null
  readonly occurredAtFrom: 'sender' | 'sender-without-zone'
  readonly recipient: string | null
  readonly channel: Channel
  readonly messageId: string | null
  readonly transmissionId: string | null
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  /** Core makes it `none` on tests and where there is no e-mail address. */
  readonly effect: Effect
  readonly isTest: boolean
  /** The fields of `Details[type]`; null where the type has none. */
  readonly details: object | null
}

export interface Unreadable {
  /** One sentence without payload. */
  readonly unreadable: string
  /** JSON pointer into the element; null where there is none. */
  readonly path: string | null
}

// ---- inbox -------------------------------------------------------------------------------------------------------

export interface Inbox {
  readonly kind: string
  readonly [port]: InboxPort
}

/** A delivery before it is stored. */
export interface NewDelivery {
  readonly id: string
  readonly source: string
  readonly batchId: string | null
  /** 32 bytes. */
  readonly sha256: Uint8Array
  /** After the content coding. The inbox may keep this object; the caller does not change it any more. */
  readonly body: Uint8Array
  readonly receivedAt: number
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly credential: string | null
  readonly isTest: boolean
  readonly origin: 'wire' | 'backfill' | 'test'
  /** The content coding that could not be undone, so that `body` is the bytes of the wire; null normally. */
  readonly undecoded: string | null
}

export interface StoredDelivery extends NewDelivery {
  /** Position in the log, from 1, without gaps. */
  readonly seq: number
  readonly senderLeft: boolean
  readonly duplicates: number
  readonly events: number | null
  /**
   * What is left of the bytes; absent: all of them. `some`: elements were taken out, and tombstones stand in their place
   * (json/tombstone.ts). `none`: `body` is empty. `sha256` is that of the body as received all the same.
   */
  readonly kept?: 'some' | 'none' | undefined
  /** Size of the body as received, where not all of it is left. */
  readonly bytes?: number | undefined
}

/** What was not finished in the first pass: a handler's range of indices, both inclusive, in one delivery. */
export interface NewWorkRow {
  readonly handler: string
  readonly first: number
  readonly last: number
  /** Attempts already made; 0 when the handler has not seen the range. */
  readonly attempts: number
  /** Not to be claimed before; of no meaning while it is parked, or its key is not known. */
  readonly dueAt: number
  /** It waits behind others of its key, not for its time: not to be claimed before a `wake`. Absent: false. */
  readonly parked?: boolean | undefined
  readonly errors: readonly StoredError[]
  /** The replay it is work of; null: the first run. */
  readonly replay: ReplayMark | null
  /**
   * The key that its handler orders these events by; null: they go in no order. Absent: not known yet, and where the
   * handler has an order they are claimed in the order of the log.
   */
  readonly orderKey?: number | null | undefined
}

/** What marks the work of a replay, and which events of its ranges it is about. */
export interface ReplayMark {
  readonly run: string
  /** Only events of this native name; null: of every name. */
  readonly name: string | null
  /** Only events that no handler their delivery belongs to asks for. */
  readonly unhandled: boolean
}

export interface WorkRow extends NewWorkRow {
  readonly id: number
}

export interface StoredError {
  readonly attempt: number
  readonly at: number
  readonly name: string
  readonly message: string
  readonly code: string | null
}

export interface NewDeadLetter {
  readonly handler: string
  readonly index: number
  readonly attempts: number
  readonly errors: readonly StoredError[]
  readonly at: number
  /** The bytes of the element, so that the dead letter outlives its delivery. */
  readonly element: Uint8Array
  /** Number of elements in its delivery. */
  readonly size: number
  /** The replay in which it died; null: the first run. */
  readonly run: string | null
}

export interface NewQuarantine {
  /** null: the whole delivery. */
  readonly index: number | null
  readonly reason: string
  readonly path: string | null
  readonly at: number
}

/** A delivery to work on. */
export interface Claim {
  readonly delivery: StoredDelivery
  /** The handlers this delivery belongs to, fixed at its first claim. */
  readonly handlers: readonly string[]
  /** null: the first pass over the whole delivery. Otherwise only these rows, all of handlers that were asked for. */
  readonly rows: readonly WorkRow[] | null
  /**
   * A process died while it worked on this: no call is to be made without a `note` before it, and those that have
   * `deaths` are each to be alone. No other claim is under way beside such a delivery, but those that came with it: small
   * ones in their first pass, none of which has `deaths`.
   */
  readonly careful: boolean
  /** Events that were under way, as their notes say, when a process died: how often. */
  readonly deaths: readonly Death[]
  /** With rows: the elements of it that are in quarantine, ascending; null is the whole delivery, and comes first. */
  readonly quarantined: ReadonlyArray<number | null>
}

/** One event for one handler. */
export interface NotedCall {
  readonly index: number
  readonly handler: string
}

/** What was under way when a process died. */
export interface Death extends NotedCall {
  readonly times: number
}

export interface ClaimRequest {
  /** Rows of these handlers only; none at all when it is empty. */
  readonly handlers: readonly string[]
  readonly maxDeliveries: number
  readonly maxBytes: number
  /** Only this delivery, due or not; `maxDeliveries` and `maxBytes` do not matter then. */
  readonly seq?: number | undefined
  readonly ordered?: readonly InOrder[] | undefined
}

/**
 * A handler that gets its events in order. Its rows without a key come in the order of the log, those with one only from
 * deliveries before the first that has some without, and none while a first pass waits that was given back.
 */
export interface InOrder {
  readonly handler: string
  /** Rows of deliveries before this one only, by `seq`. */
  readonly below: number
}

/** The rows of a handler whose events have this key. */
export interface OrderKey {
  readonly handler: string
  readonly key: number
}

/** Keys of events, two numbers below 2^53 for each, that one delivery is to be known by. */
export interface EventKeys {
  /** How long a key is kept at least, in ms; at most a quarter longer. */
  readonly windowMs: number
  /** When they were made: decides how long they live. */
  readonly at: number
  readonly keys: Float64Array
}

/** How far a claim came. Settling ends the claim. */
export interface Settlement {
  readonly seq: number
  /** True ends the first pass; false settles work rows. */
  readonly firstPass: boolean
  /** Number of elements; null when the delivery was not readable, or when work rows are settled. */
  readonly events: number | null
  /** Ids of the work rows that are finished or replaced by `rows`. */
  readonly endedRows: readonly number[]
  readonly rows: readonly NewWorkRow[]
  /** What the wall clock said when the due times of `rows` were reckoned; absent: as it says when they are stored. */
  readonly at?: number | undefined
  readonly dead: readonly NewDeadLetter[]
  readonly quarantined: readonly NewQuarantine[]
  /** Native names nobody asked for, with their number of events. */
  readonly unhandled: Readonly<Record<string, number>>
  /** Events that were handled with another delivery, and are not handed to anybody: how many. */
  readonly duplicateEvents?: number | undefined
  /** Absorb later copies of these events from now on; keys that are known already stay with their delivery. */
  readonly keys?: EventKeys | null | undefined
  /** Keys of events that died: they absorb nothing any more. */
  readonly forgotten?: Omit<EventKeys, 'at'> | null | undefined
}

export interface Accepted {
  readonly status: 'accepted' | 'duplicate'
  readonly seq: number
  /** Nothing is left to do on it: its first pass has ended and no work row stands. */
  readonly settled: boolean
}

export interface InboxOpening {
  /** The durable names this process works for, with the names they had before; empty when it only receives. */
  readonly handlers: ReadonlyArray<{
    readonly name: string
    readonly formerly: readonly string[]
    /** Its rows keep their order keys; where they have some from before and this is not true, they lose them. */
    readonly ordered?: boolean | undefined
  }>
  readonly logger: Logger
  readonly clock: Clock
  /**
   * `owner` accepts and claims. `control` looks and wishes beside a running owner: it never claims or accepts; what it
   * changes is carried out by the owner, or by itself where there is none.
   */
  readonly role: 'owner' | 'control'
  /** A repeat of a delivery with dead letters: only recorded on them, or also makes them work again. */
  readonly onRedelivery: 'record' | 'rearm'
  /** Absent: everything is kept. */
  readonly retention?: Retention | undefined
}

/**
 * How long what is finished is kept, in ms, Infinity for ever: bodies from their receipt, unless work, or quarantine, is
 * left; the rows that repeats are told by as long as `keysMs` and the body, and while a dead letter or quarantine stands;
 * dead letters and quarantine from the moment they were made.
 */
export interface Retention {
  readonly bodiesMs: number
  readonly keysMs: number
  readonly deadLettersMs: number
  readonly quarantineMs: number
  /** Above it, bodies go before their time, the oldest first; in bytes of the store. null: no limit. */
  readonly maxBytes: number | null
}

export interface InboxOpened {
  readonly stats: StoredStats
  /** Handlers never seen before, with the number of stored events that were settled without them. */
  readonly newHandlers: ReadonlyArray<{ readonly name: string; readonly settledWithout: number }>
  /** Order keys that rows are stored under, of the ordered handlers opened with. Nothing is woken before `wake`. */
  readonly held?: readonly OrderKey[] | undefined
}

export interface StoredStats {
  /** Deliveries with work left: never claimed, under way, or waiting for a retry. */
  readonly pending: number
  /** Bodies of deliveries whose first pass has not ended. */
  readonly pendingBytes: number
  /** Deliveries that wait for replays alone left out. */
  readonly oldestPendingAt: number | null
  readonly deadLetters: number
  readonly quarantined: number
  readonly unhandled: Readonly<Record<string, number>>
  /** Events whose dead letter or quarantine somebody dropped. */
  readonly cancelled: number
  /** Handlers that are not to work, by whose word, since when; durable. */
  readonly paused: readonly StoredPause[]
  /** Work rows of handlers that no opening has named for 24 h, by handler. */
  readonly orphaned: Readonly<Record<string, number>>
  /** Events that were absorbed as copies of others, by source. */
  readonly duplicateEvents: Readonly<Record<string, number>>
  /** Dead letters and quarantine whose time was over. */
  readonly expired: number
  /** Elements that `erase` took out of stored bytes. */
  readonly erased: number
  /** Events in the work rows of replays, once for each handler, by run. */
  readonly replays: Readonly<Record<string, number>>
}

export interface StoredPause {
  readonly handler: string
  readonly by: 'hand' | 'failures'
  readonly since: number
}

export interface StoredDeadLetter extends NewDeadLetter {
  readonly id: number
  /** The delivery without its body. */
  readonly delivery: Omit<StoredDelivery, 'body'>
  /** How many repeats of its delivery have come since it died. */
  readonly redeliveries: number
}

export interface StoredQuarantine extends NewQuarantine {
  readonly id: number
  readonly source: string
  readonly deliveryId: string
}

/**
 * One page, newest first; `before` is the id (seq for deliveries) of the last row of the page before. `since` is
 * included, `until` is not; filters that a listing has no field for do not apply.
 */
export interface Page {
  readonly before: number | null
  readonly limit: number
  readonly source?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly handler?: string | undefined
  /** Only rows of this delivery (its id), and of this element of it. */
  readonly deliveryId?: string | undefined
  readonly index?: number | undefined
  /** Only what died in this replay. */
  readonly run?: string | undefined
}

/** One page of deliveries whose first pass has ended, oldest first: those with a `seq` above `after`. */
export interface HistoryPage extends Pick<Page, 'limit' | 'source' | 'since' | 'until' | 'deliveryId'> {
  readonly after: number
}

export interface HistoryRow extends Pick<StoredDelivery, 'seq' | 'id' | 'source' | 'receivedAt' | 'events'> {
  /** Those it belongs to. */
  readonly handlers: readonly string[]
}

/** Elements of a delivery that a handler is to get again; both inclusive. */
export interface ReplayRow extends Pick<NewWorkRow, 'handler' | 'first' | 'last'> {
  readonly seq: number
}

/** What is known of the work on one event, all of one moment. */
export interface EventProgress {
  /** The first pass over its delivery has ended. */
  readonly passed: boolean
  /** Those its delivery belongs to; empty before its first claim. */
  readonly handlers: readonly string[]
  /** Work rows over it, due or not, under claim or not. */
  readonly rows: readonly WorkRow[]
  readonly dead: ReadonlyArray<Pick<NewDeadLetter, 'handler' | 'attempts'>>
  /** Whether it is in quarantine: by itself, or with a row that stands for its whole delivery. */
  readonly quarantined: 'element' | 'delivery' | null
}

/** One portion of pruning. */
export interface Pruned {
  /** Bodies that were taken. */
  readonly bodies: number
  /** Rows of deliveries that were removed: a repeat of them would be new. */
  readonly deliveries: number
  readonly deadLetters: number
  readonly quarantined: number
  /** Where the next portion goes on; null: this was the last. */
  readonly next: number | null
  /** The store is above its `maxBytes`, and nothing more can go. */
  readonly over: boolean
}

/** What is to be taken out of one delivery: these elements, or all of its bytes. */
export interface Erasure {
  readonly seq: number
  readonly indices: readonly number[] | null
}

export interface Erased {
  /** Elements, or whole bodies, that were there and are gone. */
  readonly erased: number
  /** Deliveries that are under claim: nothing was done to them. */
  readonly busy: readonly number[]
}

/** Rows of dead letters and of quarantine, by `id`. */
export interface RowIds {
  readonly dead: readonly number[]
  readonly quarantined: readonly number[]
}

/**
 * The durable store, and the only place where the two halves meet.
 * Claims live as long as the process (embedded inboxes); a new owner finds what was claimed as never claimed.
 * Outside of open and close every method that answers rejects with ERR_INBOX_CLOSED; a closed port can be opened again.
 */
export interface InboxPort {
  /**
   * Opens and checks the store, becomes its owner and carries renames (`formerly`) over to stored work.
   * @throws ERR_INBOX_OWNED, ERR_INBOX_FOREIGN, ERR_INBOX_VERSION, ERR_INBOX_CORRUPT, ERR_INBOX_IO
   */
  open(opening: InboxOpening): Promise<InboxOpened>
  /**
   * Stores a delivery, or counts a repeat on the stored one: both durable when it resolves. Atomic with its dedupe,
   * which compares the full SHA-256 behind the id: two at once give one row, one `accepted` and one `duplicate`.
   * A rejection leaves it open whether the delivery is stored; a repeat is then absorbed. With `given` the memory behind
   * the body, all of it, is the inbox's: it may hand it to another thread or let it go, so that the caller finds nothing
   * there any more.
   * @throws ERR_INBOX_CLOSED, ERR_INBOX_FULL, ERR_INBOX_IO, ERR_INBOX_CORRUPT
   */
  accept(delivery: NewDelivery, given?: boolean): Promise<Accepted>
  /** Memory for a body that is to be `given`, with anything in it. Absent: the inbox has none to use again. */
  allocate?(bytes: number): Uint8Array
  /** Notes, lazily and as far as possible, that the sender left before the answer. */
  noteSenderLeft(seq: number): void
  /**
   * Hands out due work rows and never-claimed deliveries in turn, each delivery in at most one claim at a time; the
   * rows of one delivery come together. New deliveries come in order of `seq`, and their set of handlers is recorded
   * durably before this resolves. At least one claim is given when there is one, whatever its size. `nextDueAt` is later than now: when the next row of the asked handlers falls due, held or not.
   * `unread`: the `ordered` handlers that have rows whose key is not known, beyond those under claim now.
   * `more`: false where all that could be claimed is given; an inbox that does not know leaves it out.
   */
  claim(request: ClaimRequest): Promise<{
    readonly claims: readonly Claim[]
    readonly nextDueAt: number | null
    readonly unread?: readonly string[] | undefined
    readonly more?: boolean | undefined
  }>
  /**
   * Before careful calls: durable when it resolves. It stands until the delivery is settled or another note takes its
   * place; each call of the one that stands when the process dies is counted in `Claim.deaths`, once.
   */
  note(seq: number, calls: readonly NotedCall[]): Promise<void>
  /**
   * Commits all of it in one transaction. Rejects only when the store is lost; the claim is then still held, and the
   * same settlement can be handed in again: what was carried out after all is not carried out twice.
   * Rows and dead letters of a replay that was cancelled are not made.
   * From then on nobody reads the body that came with the claim: its memory may be used again, or be gone.
   * Resolves with the id of an earlier delivery of the same source that had the same batch id and other bytes; test
   * traffic is never in conflict.
   * @throws ERR_OPTION when the delivery is not claimed
   */
  settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }>
  /**
   * Makes the first rows of each key due now, at most so many of each, where the very first is parked: those of its
   * first delivery alone, since another may be under claim for other work. Resolves with
   * the keys that have rows at all. An inbox without it takes no handlers with an order.
   */
  wake?(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]>
  /** Called with the keys of rows that were removed without a settlement: what was parked behind them may be woken. */
  onFreed?(listener: (keys: readonly OrderKey[]) => void): void
  /**
   * The delivery that each key was kept for, by `seq`, 0 for none, in the order of the request, which is two numbers for
   * each key. An inbox without it takes no sources that dedupe events.
   */
  owners?(windowMs: number, keys: Float64Array): Promise<readonly number[]>
  /** Gives claims back unfinished, as if never claimed. */
  release(seqs: readonly number[]): void
  /**
   * Called, possibly often, when something new may be claimable: an accept, a settlement with due rows. Or when it will
   * be: a claim that is asked for while an accept is on its way may take what it stores, in the same transaction.
   */
  onWork(listener: () => void): void
  stats(): Promise<StoredStats>
  /** Summaries: `body` is empty. */
  deliveries(page: Page): Promise<readonly (StoredDelivery & { readonly bytes: number })[]>
  delivery(id: string): Promise<StoredDelivery | null>
  deadLetters(page: Page): Promise<readonly StoredDeadLetter[]>
  quarantine(page: Page): Promise<readonly StoredQuarantine[]>
  /**
   * Makes work again of dead letters (a row for their handler) and of quarantine (rows for every handler the delivery
   * belongs to; over all its elements where it was quarantined whole), with no attempts spent and due at once; their
   * rows are gone when it resolves. Resolves with the number of rows found; ids that are gone already are passed over.
   */
  revive(ids: RowIds): Promise<number>
  /** Gives up dead letters and quarantine: gone when it resolves, counted as cancelled. Resolves with the number found. */
  drop(ids: RowIds): Promise<number>
  /** Pauses a handler durably, or resumes it (null); the owner's listeners of `onPause` are told, wherever it was asked. */
  pause(handler: string, by: 'hand' | 'failures' | null): Promise<void>
  /** Called with the whole list after every change of it. */
  onPause(listener: (paused: readonly StoredPause[]) => void): void
  /** One delivery with its bytes, by its place in the log; null when it is not there, or its bytes are damaged. */
  read(seq: number): Promise<StoredDelivery | null>
  /**
   * Lets go of what the retention of the owner says, one portion of a few ms; 0 begins. Unfinished work is never touched.
   */
  prune(at: number): Promise<Pruned>
  /**
   * Takes elements out of stored bytes; tombstones take their place, and indices, ids and the hash of what was received
   * stay. With them go their dead letters, their quarantine and their work rows. All of it, or nothing, is done to a
   * delivery; what is done is durable when this resolves.
   */
  erase(erasures: readonly Erasure[]): Promise<Erased>
  /**
   * Sees to it, portion by portion, that what was removed cannot be found in the store's files either; 0 begins. Resolves
   * with where to go on, null when it is so for everything that was removed before the first portion.
   */
  purge(at: number): Promise<number | null>
  /** Deliveries whose first pass has ended and that have their bytes, with the handlers they belong to; rows that filters pass over do not count. */
  history(page: HistoryPage): Promise<readonly HistoryRow[]>
  /** null: there is no such delivery. */
  progress(deliveryId: string, index: number): Promise<EventProgress | null>
  /** Every handler an opening has ever named, with the last time one was known to be in use. */
  handlers(): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>>
  /**
   * Makes work of a replay, due at once, all of it durable when it resolves; rows of deliveries that are not stored,
   * or whose first pass has not ended, are passed over. One that has lost its bytes gets the elements back that its dead
   * letters have kept, as with `revive`; without any it is passed over. Resolves with the number of rows made.
   * @throws ERR_REPLAY_CANCELLED
   */
  replay(mark: ReplayMark, rows: readonly ReplayRow[]): Promise<number>
  /**
   * Takes back work of a replay, at most so many rows at once; neither work nor dead letters are made of it any more.
   * What is under claim is finished, and not repeated. Resolves with the number of events in the rows taken, 0 when none are left.
   */
  cancel(run: string, limit: number): Promise<number>
  /** Bytes of bodies whose first pass has not ended, as last known: cheap, for the question whether to read a body. */
  backlogBytes(): number
  /** null while deliveries can be stored; otherwise the reason in one sentence. */
  trouble(): string | null
  /** Finishes what was handed in, closes files and threads, gives up ownership. Idempotent. */
  close(): Promise<void>
}
