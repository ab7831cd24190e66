/** How the process half claims deliveries and work rows, and settles them. */
import type { ClaimRef, ClaimToken } from './claim-ref.ts'
import type { EventKeys } from './event-keys.ts'
import type { Tally } from './look.ts'
import type { NewProgress, Progress } from './progress.ts'

import type { NewDeadLetter, NewQuarantine, NewWorkRow, StoredDelivery, WorkRow } from './rows.ts'

/** The face that the process half holds. */
export interface Claims {
  /**
   * Claims due work rows and never-claimed deliveries in turn, each delivery in at most one claim at a time; the rows
   * of one delivery come in one claim. New deliveries come in order of `seq`, and their set of handlers is durable
   * before this resolves. The first claim ignores `maxBytes`, so that a large delivery is claimed too.
   */
  claim(request: ClaimRequest): Promise<Claimed>
  /**
   * Notes the calls of a suspect that are about to be made: durable when it resolves. The note stands until the
   * delivery is settled or another note replaces it. If the process dies, each call in the note counts as one death in
   * `Claim.deaths`.
   * @throws ERR_CLAIM_LOST; nothing is noted then
   */
  noteCalls(claim: ClaimRef, calls: readonly NotedCall[]): Promise<void>
  /**
   * Saves how far passes under way have come; durable in one transaction when it resolves. The next claim of the same
   * first pass, or row, has the progress in `Claim.progress`; the settlement removes it. Until then the rows, dead
   * letters and quarantine in it are neither listed nor counted; keys of events count at once. Erasing takes elements
   * out of the progress, and renaming a handler renames it there. The same part may be saved again, with more in it.
   * Resolves with the tokens of lost claims: nothing of their progress is saved.
   */
  saveProgress(progress: readonly NewProgress[]): Promise<readonly ClaimToken[]>
  /**
   * Commits the settlement in one transaction. Where it rejects without ERR_CLAIM_LOST the store is lost: the claim is
   * still held, and the same settlement can be handed in again; one that was committed after all is not carried out
   * twice. Rows and dead letters of a cancelled replay are not stored. After the call the caller reads the body of the
   * claim no more: the inbox may use its memory again.
   * `conflictsWith`: the id of an earlier delivery of the same source with the same batch id and other bytes; test
   * traffic is never in conflict.
   * @throws ERR_CLAIM_LOST; nothing of the settlement is stored then
   */
  settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }>
  /**
   * Called before each call of a handler, so it is cheap. False: the claim of this delivery may be lost soon, so begin
   * no call for it; without an id, the answer is for all claims of this process. The inbox calls `InboxListener.work`
   * when it is true again. Absent: claims live as long as the process.
   */
  mayBegin?(deliveryId?: string): boolean
  /** Gives claims back unfinished, as if never claimed; lost claims are ignored. */
  release(claims: readonly ClaimRef[]): void
}

/** The answer to a claim. */
export interface Claimed {
  readonly claims: readonly Claim[]
  /** When the next row of `request.handlers` falls due, under claim or not; later than now. null: none does. */
  readonly nextDueAt: number | null
  /**
   * The `ordered` handlers that have unread rows which are not under claim; an inbox may leave out those that come
   * after `OrderedHandler.reached`.
   */
  readonly unread?: readonly string[] | undefined
  /** First passes are left that were given back or that other processes work on: they may leave rows. */
  readonly returned?: boolean | undefined
  /**
   * The `ordered` handlers that this process runs from its next claim on; replaces what it knew of their stored keys.
   */
  readonly taken?: readonly TakenOrder[] | undefined
  /** False: nothing else can be claimed now. Absent: the inbox does not know. */
  readonly more?: boolean | undefined
  /** Sources that are not in `request.sources` and have deliveries that could be claimed. */
  readonly unknownSources?: readonly string[] | undefined
}

/** A handler with `orderBy` that this process takes over: no other process runs it. */
export interface TakenOrder {
  readonly handler: string
  /** Order keys that rows are stored under. */
  readonly held: readonly number[]
}

/** A delivery to work on. */
export interface Claim {
  readonly token: ClaimToken
  readonly delivery: StoredDelivery
  /**
   * The handlers this delivery belongs to, fixed at its first claim: those of the process that claimed it, and others
   * that were in use in the 24 hours before. Where a claim passed over it, since `request.sources` had not its source,
   * an inbox may have fixed them then.
   */
  readonly handlers: readonly string[]
  /**
   * Of a first pass: handlers with `orderBy` that do not get its events now, since another process runs them or earlier
   * deliveries are not settled yet. Their events are left as unread rows, for the process that runs the handler.
   */
  readonly apart?: readonly string[] | undefined
  /** null: the first pass over the whole delivery. Otherwise only these rows, all of `request.handlers`. */
  readonly rows: readonly WorkRow[] | null
  /**
   * A process died while it held this delivery.
   * 1. Call `noteCalls` before each handler call.
   * 2. Make calls that `deaths` names one at a time.
   * 3. The process has no other claim meanwhile, save those that came with this one: small deliveries in their first
   *    pass, without `deaths`.
   */
  readonly careful: boolean
  /** Calls that were noted when a process died, each with the number of deaths. */
  readonly deaths: readonly Death[]
  /** With rows: elements of the delivery that are in quarantine, ascending; null, the whole delivery, comes first. */
  readonly quarantined: ReadonlyArray<number | null>
  /** The progress that an earlier claim of the same first pass, or of the same rows, has saved. Absent: none. */
  readonly progress?: readonly Progress[] | undefined
}

/** One event for one handler. */
export interface NotedCall {
  readonly index: number
  readonly handler: string
}

/** A call that was noted when a process died. */
export interface Death extends NotedCall {
  readonly times: number
}

export interface ClaimRequest {
  /** Only rows of these handlers. Empty: no rows. */
  readonly handlers: readonly string[]
  /** Only deliveries of these sources: those of other sources wait for a process that has their source. */
  readonly sources: readonly string[]
  readonly maxDeliveries: number
  readonly maxBytes: number
  /** Only this delivery, due or not; `maxDeliveries` and `maxBytes` do not matter then. */
  readonly seq?: number | undefined
  readonly ordered?: readonly OrderedHandler[] | undefined
}

/**
 * A handler with `orderBy`. Where several processes have it, one of them runs it: the others get no rows of it, and
 * their first passes leave its events unread. Claim its unread rows (no key yet) in the order of the log. Claim keyed
 * rows only from deliveries before the first unread one. Claim nothing for it while a first pass that was given back
 * waits.
 */
export interface OrderedHandler {
  readonly handler: string
  /** Only rows of deliveries with a lower `seq`. */
  readonly claimBefore: number
  /** The last delivery, by `seq`, that the process has begun to read for this handler. Absent: any. */
  readonly reached?: number | undefined
}

/** The rows of a handler whose events have this key. */
export interface OrderKey {
  readonly handler: string
  readonly key: number
}

/** The result of the work on a claim. Settling ends the claim. */
export interface Settlement extends ClaimRef {
  /** True ends the first pass; false settles work rows. */
  readonly firstPass: boolean
  /** Number of elements; null when the delivery was not readable, or when work rows are settled. */
  readonly events: number | null
  /** Ids of the work rows that are finished or replaced by `rows`. */
  readonly endedRows: readonly number[]
  readonly rows: readonly NewWorkRow[]
  /** Wall clock time at which the due times of `rows` were computed; absent: the time at which they are stored. */
  readonly at?: number | undefined
  readonly dead: readonly NewDeadLetter[]
  readonly quarantined: readonly NewQuarantine[]
  /** Native names that no handler asked for, with the number of their events. */
  readonly unhandled: Readonly<Record<string, number>>
  /** How many events were absorbed as copies: another delivery owns them. */
  readonly duplicateEvents?: number | undefined
  /** Keys that this delivery owns from now on: later copies are absorbed. A key that has an owner keeps it. */
  readonly keys?: EventKeys | null | undefined
  /**
   * Of a first pass: the trace by which a search finds its delivery (lib/trace.ts). null: none, so that every search
   * reads the delivery.
   */
  readonly trace?: Uint8Array | null | undefined
  /** The counts by time. Absent: none are kept. */
  readonly tally?: Tally | undefined
  /** Keys of events that died, given up: later copies are handed on. A key that another delivery owns stays. */
  readonly forgotten?: Omit<EventKeys, 'at'> | null | undefined
}
