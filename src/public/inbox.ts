/** The public look into the inbox. Types only, exported from `posthorn`. */
import type { AnyEvent, DeadLetter, Delivery, DeliverySummary, Quarantined } from '../types.ts'
import type {
  CredentialHistory,
  EventOptions,
  InboxAction,
  ListOptions,
  LookFilter,
  LookOptions,
  MessageHistory,
  TallyCount,
  TallyFilter,
} from './look.ts'

interface Text {
  /**
   * The same in words, and more: `'source:shop type:bounced since:6h'` (docs/filters.md). It stands beside other fields,
   * but none of them may be given in both.
   * @throws FilterError with the place in the text
   */
  readonly filter?: string
}

/** Where to look, in listings; without a field, everywhere. */
interface Span extends Text {
  /** Included. Of receipt for deliveries; of death for dead letters, of the first failed reading for quarantine. */
  readonly since?: Date
  /** Not included. */
  readonly until?: Date
  /** One that is configured, or that something is stored of. */
  readonly source?: string
  /** Ids of events or of deliveries; the way to them is direct. An empty list: nothing. */
  readonly ids?: readonly string[]
}

/** Where a listing goes on. */
export interface After {
  /**
   * Only what comes behind this row, which the page before ended with: the id of a delivery or of an event, for dead letters
   * `<event>/<handler>`, of a replay `<event>@<run>/<handler>`. It does not go with several `ids`.
   * @throws OptionError when the row is not there any more, or its delivery stands in the log twice
   */
  readonly after?: string
}

export interface DeliveryFilter extends Span, After {}

export interface QuarantineFilter extends Span, After {}

/** It asks for `since`, or ids: every delivery in range is read. */
export interface EventFilter extends Span, After {
  /** Native name, `momentum.bounce`. */
  readonly name?: string
  /** Normalised type, `bounced`. */
  readonly type?: string
}

export interface DeadLetterFilter extends OfLetters, After {}

interface OfLetters extends Span {
  /** Durable name: of a handler that is registered, or that the inbox has known. */
  readonly handler?: string
  /** Native name, `momentum.bounce`. */
  readonly name?: string
  /** Only what died in this replay. */
  readonly run?: string
}

export interface DifferenceFilter extends Span {
  /** Looks at what was handled too, not only at quarantine; asks for `since` (or `ids`). */
  readonly handled?: boolean
}

/** Everything there is: verbs that act do that only when it is said. It goes with no field that narrows. */
export interface Everything {
  readonly all: true
}

/** At least one of the fields. */
type Narrowed<T> = { [K in keyof T]-?: T & Required<Pick<T, K>> }[keyof T] & { readonly all?: never }

interface OfDeadLetters {
  readonly outcome?: 'dead'
}

/** Quarantine has neither a handler nor a name, and belongs to no replay. */
interface OfQuarantine {
  readonly outcome: 'quarantined'
  readonly handler?: never
  readonly name?: never
  readonly run?: never
}

/**
 * What failed: dead letters and quarantine, or one of them with `outcome`. With `handler`, `name` or `run` it is dead
 * letters alone.
 */
export type RetryFilter = Everything | Narrowed<OfLetters & OfDeadLetters> | Narrowed<Span & OfQuarantine>

/** As `RetryFilter`; or a whole replay, which goes with no other field. */
export type DropFilter =
  | Everything
  | (Narrowed<Omit<OfLetters, 'run'> & OfDeadLetters> & { readonly run?: never })
  | Narrowed<Span & OfQuarantine>
  | { readonly run: string; readonly all?: never }

interface ReplaySpan extends Span {
  /** Only deliveries that belong to this handler; without `to`, it is the one that gets them. */
  readonly handler?: string
  /** Native name, `momentum.bounce`: every delivery in range is read, so it asks for `since` (or `ids`). */
  readonly name?: string
  /**
   * `unhandled`: events that none of the handlers their delivery belongs to asks for now; without `to` for every
   * handler that does. Asks for `since`, as `name` does. `dead`: those with a dead letter, which stays.
   */
  readonly outcome?: 'unhandled' | 'dead'
}

interface ReplayTargets {
  /** Durable names. Default: the handlers each delivery belongs to that somebody still has. */
  readonly to?: readonly string[]
  readonly missed?: false
}

interface ReplayMissed {
  readonly to: readonly string[]
  /** Only deliveries that do not belong to the handlers of `to`, those from before they were registered. */
  readonly missed: true
  readonly outcome?: 'unhandled'
}

/** What to hand out again, and to whom. Times are those of receipt (of death, with `outcome: 'dead'`). */
export type ReplayFilter =
  | (Everything & (ReplayTargets | ReplayMissed))
  | (Narrowed<ReplaySpan> & ReplayTargets)
  | (ReplaySpan & ReplayMissed & { readonly all?: never })

/** As `DifferenceFilter`, with everything said in words. */
export type ReparseFilter = Everything | (Narrowed<Span> & Pick<DifferenceFilter, 'handled'>)

/** How a verb runs over many rows. */
export interface VerbOptions<P = VerbReport> {
  /** Counts what matches and changes nothing. Default false; `undefined` is refused, since a misspelt flag gives it. */
  readonly dryRun?: boolean
  /**
   * What matches is counted first; where that is more than so many, nothing is changed, and the call fails with
   * ERR_MORE_MATCHED. What begins to match after the count is left as it is. Default: no count, no bound.
   */
  readonly atMost?: number
  /** Default: as fast as the inbox takes it. */
  readonly ratePerSecond?: number
  /** Stops between two portions; what was done stays done. */
  readonly signal?: AbortSignal
  /**
   * Called after each portion; by `replay` for every delivery that was looked at, by `erase` for each that was searched.
   * What it throws ends the verb.
   */
  readonly onProgress?: (progress: P) => void
}

export interface ReplayOptions extends VerbOptions<ReplayProgress> {
  /**
   * Only deliveries behind this one, in the order of the log: the `place` of a replay that was stopped. Goes with neither `ids`
   * nor `outcome: 'dead'`.
   */
  readonly after?: string
}

export interface ReplayProgress {
  readonly run: string
  /** Looked at so far. */
  readonly deliveries: number
  readonly matched: number
  readonly queued: number
  /**
   * When the last of them was received, or the first that is not queued yet. They come in the order of the log, which is that of
   * their times where one process stores and no clock is set.
   */
  readonly reachedAt: Date
  /**
   * The id of the delivery up to which everything is queued: a replay that was cut off goes on with it as `after`, whatever
   * the clocks say, over shards too. null: none yet; always in a dry run, with `ids` and with `outcome: 'dead'`.
   */
  readonly place: string | null
}

export interface VerbReport {
  readonly matched: number
  /** Really changed; 0 in a dry run. */
  readonly queued: number
  /**
   * The places of shards that did not answer while it was looked for what matches (`posthorn/sharded`): from then on nothing
   * of theirs was counted or changed. Absent: all answered.
   */
  readonly missingShards?: readonly number[] | undefined
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
  /** Dead letters and quarantined bytes that were dropped, and events that waited for a handler that is gone. */
  readonly cancelled: number
  /** Dead letters and quarantine that were removed because their time was over: see `retention`. */
  readonly expired: number
  /** Elements that were taken out of stored bytes by `erase`. */
  readonly erased: number
  readonly paused: readonly PausedHandler[]
  /** Work of handlers that nobody has registered for 24 h, by handler; dropped only by hand. */
  readonly orphaned: Readonly<Record<string, number>>
  /**
   * Deliveries with work left whose source this process does not know, by source: they wait for a process that does.
   * Counted as the work comes by them; 0 in a process that handles nothing.
   */
  readonly orphanedSources: Readonly<Record<string, number>>
  /** What is left of replays, by run: events in ranges that wait, once for each handler. */
  readonly replays: Readonly<Record<string, number>>
  /** Events that were absorbed as copies of others (`dedupeEvents`), by source. */
  readonly duplicateEvents: Readonly<Record<string, number>>
  /** The places of shards that do not answer, and are not counted in (`posthorn/sharded`). Absent: all answer. */
  readonly missingShards?: readonly number[] | undefined
}

export interface PausedHandler {
  readonly handler: string
  readonly by: 'hand' | 'failures'
  readonly since: Date
}

/**
 * A look into the inbox, newest first, and what can be done about what is in it. No call guesses: fields that a verb does
 * not have, `undefined` in the place of a value, dates that are none, and names that are neither registered nor known to
 * the inbox are refused with ERR_OPTION, before anything is done; a listing refuses with its first row. Verbs that act
 * take `{ all: true }` for everything.
 */
export interface InboxControl {
  stats(): Promise<InboxStats>
  /**
   * Counts by minute, hour or day, oldest first: of deliveries at their receipt, of what became of them when it did. They
   * are committed with what they count; erasing and retention change nothing of them.
   * @example for await (const { at, word, count } of receiver.inbox.tallies({ step: 'minute', words: ['ev'] })) console.log(at, word, count)
   * @throws OptionError also where the inbox keeps none
   */
  tallies(filter?: TallyFilter): AsyncIterable<TallyCount>
  /** First and last use of every credential, over restarts: for the end of a rotation. */
  seen(): Promise<readonly CredentialHistory[]>
  /** What verbs have changed, the latest 1 000, newest first. Dry runs are none. */
  actions(): Promise<readonly InboxAction[]>
  deliveries(filter?: DeliveryFilter, options?: ListOptions): AsyncIterable<DeliverySummary>
  delivery(id: string): Promise<Delivery | null>
  deadLetters(filter?: DeadLetterFilter, options?: ListOptions): AsyncIterable<DeadLetter>
  quarantine(filter?: QuarantineFilter, options?: ListOptions): AsyncIterable<Quarantined>
  /** Runs again what failed: dead letters for their handler, quarantine for every handler its delivery belongs to. */
  retry(filter: RetryFilter, run?: VerbOptions): Promise<VerbReport>
  /**
   * Hands out again what was handled, marked (`event.isReplay`, `event.run`), past every dedupe; durable when it
   * resolves. It covers what died, too, and leaves the dead letter as it is; it does not cover what is in quarantine,
   * nor deliveries whose first pass has not ended.
   * @throws OptionError naming the field; ERR_REPLAY_CANCELLED when `drop({ run })` comes while it is under way
   */
  replay(filter: ReplayFilter, run?: ReplayOptions): Promise<ReplayReport>
  /** What reads otherwise now than when it was handled: in quarantine, and with `handled` everywhere. Changes nothing. */
  differences(filter?: DifferenceFilter, options?: Pick<LookOptions, 'signal'>): AsyncIterable<ReparseDifference>
  /** Makes work of what is in quarantine and readable now, for every handler its delivery belongs to. */
  reparse(filter: ReparseFilter, run?: VerbOptions): Promise<VerbReport>
  /**
   * Events as they read now, newest first by receipt, whatever became of them; not what is in quarantine, nor
   * what erasing or retention has taken. Reads every delivery in range, about 100 000 events a second.
   * @example for await (const event of receiver.inbox.events({ type: 'bounced', since })) console.log(event.email)
   * @throws OptionError with the first event, also without `since` and ids
   */
  events(filter: EventFilter, options?: EventOptions): AsyncIterable<AnyEvent>
  /**
   * What is stored of one message, by `event.messageId`; null: nothing. Goes through every stored delivery in range, and
   * reads those whose bytes may hold the id.
   */
  message(messageId: string, filter?: LookFilter, options?: LookOptions): Promise<MessageHistory | null>
  /**
   * Events whose recipient is this address, in any writing, newest first by receipt; `export` also finds
   * those that only name it. Goes through every stored delivery in range, and reads those whose bytes may hold the address.
   * @throws OptionError with the first event when it is no address
   */
  person(address: string, filter?: LookFilter, options?: LookOptions): AsyncIterable<AnyEvent>
  /** null: there is no such event, or its delivery cannot be read. */
  event(id: string): Promise<StoredEvent | null>
  /**
   * Gives up dead letters and quarantine; they end as cancelled. With `run` alone: all that is left of a replay. With
   * `handler` alone: of a handler that the process at work does not have, also what waits for it, and from then on no
   * delivery belongs to it until a process has it again.
   */
  drop(filter: DropFilter, run?: VerbOptions): Promise<VerbReport>
  /**
   * The handler gets nothing more until `resume`, also after a restart; its work waits.
   * @throws OptionError for a handler that is neither registered nor known to the inbox
   */
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
   * none of it is left in the files of the inbox. In the errors of events of others, `erased` stands in the place of the
   * address; what a handler that runs meanwhile throws later is not looked at.
   * Copies of damaged logs stay, and are named in `leftIn`.
   * @throws OptionError ERR_OPTION when `email` is no address
   */
  erase(person: PersonFilter, run?: EraseOptions): Promise<EraseReport>
  /** Lets go now of what `retention` says, which is otherwise done in the background. */
  prune(): Promise<PruneReport>
  /**
   * Makes a copy of the inbox, as of one moment, with everything that was acknowledged until then: one file (mode 0600), whole
   * and on stable storage when it resolves. Deliveries are accepted and handled meanwhile. To restore it, put it in the
   * place of a file that nobody has open, without a `-wal` of another beside it: docs/backup.md.
   * @example await receiver.inbox.backup(`/backup/inbox-${Date.now()}.db`)
   * @throws OptionError ERR_OPTION when something is at the path, or the inbox has no file; ERR_INBOX_IO, ERR_INBOX_FULL
   */
  backup(path: string): Promise<{ readonly bytes: number }>
}

/** A person, and where to look; without limits, everywhere. */
export interface PersonFilter extends Text {
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

export interface EraseOptions extends VerbOptions<EraseReport> {
  /**
   * Also removes the copies of damaged logs that a start has kept (`<path>-wal-damaged-<time>`). Each may be the only copy of
   * deliveries that were acknowledged. Default false: they are named in `leftIn`.
   */
  readonly copies?: boolean | undefined
}

export interface EraseReport extends VerbReport {
  /** Deliveries that were searched. */
  readonly deliveries: number
  /** Deliveries that nobody can look into: damaged, or in a content coding that could not be undone. */
  readonly closed: number
  /**
   * Files of the inbox that may still hold the address: copies of damaged logs, which `copies: true` removes, and
   * `retention.bodies` when they are as old. Empty until the rest is done.
   */
  readonly leftIn: readonly string[]
}

export interface PruneReport {
  /** The places of shards that did not answer, and were not pruned to the end (`posthorn/sharded`). Absent: all answered. */
  readonly missingShards?: readonly number[] | undefined
  /** Deliveries that have lost their bytes. */
  readonly bodies: number
  /** Deliveries that are forgotten. */
  readonly deliveries: number
  readonly deadLetters: number
  readonly quarantined: number
}
