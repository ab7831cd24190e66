/** What the process half takes out of an inbox, and how it settles that. */
import type { ClaimRef, ClaimToken } from './claim-ref.ts'
import type { EventKeys } from './event-keys.ts'
import type { Tally } from './look.ts'
import type { NewProgress, Progress } from './progress.ts'

import type { NewDeadLetter, NewQuarantine, NewWorkRow, StoredDelivery, WorkRow } from './rows.ts'

/** The face that the process half holds. */
export interface Claims {
  /**
   * Hands out due work rows and never-claimed deliveries in turn, each delivery in at most one claim at a time; the
   * rows of one delivery come together. New deliveries come in order of `seq`, and their set of handlers is recorded
   * durably before this resolves. At least one claim is given when there is one, whatever its size.
   */
  claim(request: ClaimRequest): Promise<Claimed>
  /**
   * Before careful calls: durable when it resolves. It stands until the delivery is settled or another note takes its
   * place; each call of the one that stands when the process dies is counted in `Claim.deaths`, once.
   * @throws ERR_CLAIM_LOST; nothing is noted then
   */
  note(claim: ClaimRef, calls: readonly NotedCall[]): Promise<void>
  /**
   * Keeps how far passes under way have come, all of it durable in one transaction when it resolves; the next claim of
   * the same first pass, or row, gives it back. Settling ends it. Until then nobody sees the rows, dead letters and
   * quarantine in it, and nothing of it is counted; keys of events count at once. What was erased leaves it, and a
   * handler that was renamed has its new name there. The same part may be saved again, with more in it.
   * Resolves with the claims that are lost: nothing of theirs is kept.
   */
  saveProgress(progress: readonly NewProgress[]): Promise<readonly ClaimToken[]>
  /**
   * Commits all of it in one transaction. Rejects otherwise only when the store is lost; the claim is then still held,
   * and the same settlement can be handed in again: what was carried out after all is not carried out twice.
   * Rows and dead letters of a replay that was cancelled are not made.
   * From then on nobody reads the body that came with the claim: its memory may be used again, or be gone.
   * Resolves with the id of an earlier delivery of the same source that had the same batch id and other bytes; test
   * traffic is never in conflict.
   * @throws ERR_CLAIM_LOST; nothing of it is stored then
   */
  settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }>
  /**
   * Asked before each call of a handler, so it is cheap. False: the claims of this process may be lost soon, and nothing
   * is to begin; `work` is told when it may again. Absent: claims live as long as the process.
   */
  mayBegin?(): boolean
  /** Gives claims back unfinished, as if never claimed; those that are lost are passed over. */
  release(claims: readonly ClaimRef[]): void
}

/** What a claim was answered with. */
export interface Claimed {
  readonly claims: readonly Claim[]
  /** Later than now: when the next row of the asked handlers falls due, held or not. */
  readonly nextDueAt: number | null
  /** The `ordered` handlers that have rows whose key is not known, beyond those under claim now. */
  readonly unread?: readonly string[] | undefined
  /** First passes that were given back are left, because they were more than was asked for. */
  readonly returned?: boolean | undefined
  /** False where all that could be claimed is given; an inbox that does not know leaves it out. */
  readonly more?: boolean | undefined
  /** Sources that were not asked for, of deliveries that could have been claimed. */
  readonly unknownSources?: readonly string[] | undefined
}

/** A delivery to work on. */
export interface Claim {
  readonly token: ClaimToken
  readonly delivery: StoredDelivery
  /**
   * The handlers this delivery belongs to, fixed at its first claim: those of the process that claimed it, and others that
   * were in use in the 24 hours before. Where it was passed over, since its source was not asked for, an inbox may have
   * fixed them then.
   */
  readonly handlers: readonly string[]
  /** null: the first pass over the whole delivery. Otherwise only these rows, all of handlers that were asked for. */
  readonly rows: readonly WorkRow[] | null
  /**
   * A process died while it worked on this: no call is to be made without a `note` before it, and those that have
   * `deaths` are each to be alone. The process has no other claim beside such a delivery, but those that came with it:
   * small ones in their first pass, none of which has `deaths`.
   */
  readonly careful: boolean
  /** Events that were under way, as their notes say, when a process died: how often. */
  readonly deaths: readonly Death[]
  /** With rows: the elements of it that are in quarantine, ascending; null is the whole delivery, and comes first. */
  readonly quarantined: ReadonlyArray<number | null>
  /** What was saved of its first pass, or of its rows, before the claim that it was saved under ended. Absent: nothing. */
  readonly progress?: readonly Progress[] | undefined
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
  /** Deliveries of these sources only: what is stored of others waits for a process that knows their source. */
  readonly sources: readonly string[]
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

/** How far a claim came. Settling ends the claim. */
export interface Settlement extends ClaimRef {
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
  /** Of a first pass: what its delivery is found by again (lib/trace.ts). null: it is to be read, whatever is looked for. */
  readonly trace?: Uint8Array | null | undefined
  /** Absent: nothing is counted by time. */
  readonly tally?: Tally | undefined
  /** Keys of events that died: they absorb nothing any more, but for what another delivery keeps. */
  readonly forgotten?: Omit<EventKeys, 'at'> | null | undefined
}
