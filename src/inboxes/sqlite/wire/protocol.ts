/**
 * What the main thread and the thread of the file say to each other. Everything here survives the structured clone;
 * bytes that should not be copied travel in transferred buffers.
 */

import type { ErrorCode } from '../../../errors.ts'
import type { ClaimRequest, Death, NotedCall, OrderKey, Settlement } from '../../../ports/inbox/claims.ts'
import type { Accepted } from '../../../ports/inbox/intake.ts'
import type { NewAction, Observed } from '../../../ports/inbox/look.ts'
import type { InboxOpened, InboxOpening, Retention } from '../../../ports/inbox/opening.ts'
import type { Command, CommandAnswers } from '../../../ports/inbox/operations.ts'
import type { NewProgress, Progress } from '../../../ports/inbox/progress.ts'
import type { HistoryPage, Page, StoredPause } from '../../../ports/inbox/records.ts'
import type { StoredDelivery, WorkRow } from '../../../ports/inbox/rows.ts'

/** Settled at construction, given to the thread when it starts. */
export interface Settings {
  /** Absolute. */
  readonly path: string
  readonly minFreeBytes: number
  /** Upper bound of the file in pages, to make it full in tests; null: none. */
  readonly maxPages: number | null
}

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  /** Neither of SQLite nor of the system: a fault of ours, with its stack. */
  readonly cause?: Error
}

/** A delivery under claim. */
export interface Held {
  readonly seq: number
  readonly careful: boolean
}

export interface OpenRequest {
  readonly handlers: InboxOpening['handlers']
  readonly onRedelivery: InboxOpening['onRedelivery']
  readonly retention?: Retention | undefined
  readonly now: number
  /** What this process still works on, when the thread is started again. */
  readonly held: readonly Held[]
  /** What it must be when the thread is started again; null the first time: what is claimed was by a dead process. */
  readonly identity: Identity | null
}

/** A file as one owner has it. */
export interface Identity {
  /** Another one when it is deleted and made anew. */
  readonly file: string
  /** How often the file has got another owner. */
  readonly owners: number
}

export type OpenAnswer =
  | { readonly owned: true }
  | {
      readonly owned: false
      readonly opened: InboxOpened
      readonly identity: Identity
      readonly warnings: readonly string[]
      readonly shortage: string | null
      /** The last time of day that retention went by; 0: there was none. */
      readonly believedAt: number
    }

/** A delivery; its hash, and its body unless that comes by itself, lie in the packed buffer, in the same order. */
export interface PackedDelivery {
  readonly id: string
  readonly source: string
  readonly batchId: string | null
  readonly isTest: boolean
  readonly receivedAt: number
  readonly credential: string | null
  /** The fields nobody searches by, as JSON. */
  readonly meta: string
  readonly size: number
  /** Memory of its own, which goes back with the answer; absent where the body is packed. */
  readonly body?: Uint8Array
}

/** The events of a delivery that are given to their handlers now. */
export interface UnderWay {
  readonly seq: number
  readonly calls: readonly NotedCall[]
}

/** A delivery whose stored bytes turned out to be damaged. */
export interface Condemned {
  readonly seq: number
  readonly reason: string
  readonly at: number
}

/** The end of a claim; the main thread has seen that it is held. */
export type Ending = Omit<Settlement, 'token'>

/** How far a pass under way has come, likewise. */
export type HeldProgress = Omit<NewProgress, 'token'>

/** Names copies that were made beside the file, and removes them. */
interface FindCopies {
  readonly kind: 'copies'
  readonly remove: boolean
}

/** Keeps what somebody did. */
interface NoteAction {
  readonly kind: 'action'
  readonly action: NewAction
}

/** Adds to the counts by time. */
interface Observe {
  readonly kind: 'observe'
  readonly observed: readonly Observed[]
}

/** See `Memos.write`. */
export interface WriteMemo {
  readonly kind: 'memo'
  readonly name: string
  readonly text: string
  readonly after: number | null
}

/** What the thread, or the owner of the file, is asked to do. */
export type FileCommand = Command | FindCopies | NoteAction | Observe | WriteMemo

interface FileAnswers extends CommandAnswers {
  copies: readonly string[]
  action: number
  observe: number
  memo: number | null
}
export type FileAnswer = FileAnswers[keyof FileAnswers]
export type FileAnswerTo<C extends FileCommand> = FileAnswers[C['kind']]

/** See `Ordering.wake`. */
export interface Wake {
  readonly keys: readonly OrderKey[]
  readonly atMost: number
}

/** What a group knows of the time. */
export type Moment = Pick<GroupRequest, 'now' | 'isSteady'>

/** See `EventKeyStore.firstSeen`. */
export interface FirstSeenRequest extends Moment {
  readonly windowMs: number
  readonly keys: Float64Array
}

/** What is committed together. Carried out in the order of the fields. */
export interface GroupRequest {
  readonly now: number
  /** Whether the clock may be believed by who lets go of what is old. */
  readonly isSteady: boolean
  /** Notes that the handlers of this process are still in use. */
  readonly renew: boolean
  readonly wakes: readonly Wake[]
  readonly releases: readonly number[]
  readonly underWay: readonly UnderWay[]
  readonly progress: ReadonlyArray<readonly HeldProgress[]>
  readonly settlements: readonly Ending[]
  readonly condemned: readonly Condemned[]
  readonly sendersLeft: readonly number[]
  readonly commands: readonly FileCommand[]
  /** Carries out the wishes of other processes too. */
  readonly wishes: boolean
  readonly accepts: readonly PackedDelivery[]
  /** 32 bytes of hash, then the body where it does not come by itself, for each accept. */
  readonly packed: Uint8Array
  readonly claims: readonly ClaimRequest[]
}

export type ItemAnswer<T> = { readonly value: T } | { readonly failure: Failure }

/** With the body that came by itself. */
export type StoredAnswer = Accepted & { readonly body?: Uint8Array }

export interface Settled {
  readonly workIsLeft: boolean
  readonly conflictsWith: string | null
}

/** A claim before its bytes are read. */
export interface PlannedClaim {
  readonly seq: number
  readonly bytes: number
  readonly handlers: readonly string[]
  readonly rows: readonly WorkRow[] | null
  readonly careful: boolean
  readonly deaths: readonly Death[]
  readonly quarantined: ReadonlyArray<number | null>
  readonly progress: readonly Progress[]
  readonly notes: Notes
}

export interface Notes {
  readonly senderLeft: boolean
  readonly duplicates: number
  readonly events: number | null
}

export interface ClaimPlan {
  readonly claims: readonly PlannedClaim[]
  readonly nextDueAt: number | null
  readonly unread: readonly string[]
  readonly returned: boolean
  readonly more: boolean
  readonly unknownSources: readonly string[]
}

export type GroupAnswer =
  | { readonly lost: Failure }
  | {
      readonly lost: null
      /** Whether the group needed a write transaction. */
      readonly committed: boolean
      /** Why new deliveries are refused although the store works; null when they are not. */
      readonly shortage: string | null
      readonly pendingBytes: number
      /** The whole list when it was changed. */
      readonly pauses: readonly StoredPause[] | null
      /** Something may be claimable that was not before, beside what is accepted and settled. */
      readonly moreWork: boolean
      readonly underWay: readonly ItemAnswer<null>[]
      /** Deliveries whose claim was lost. */
      readonly progress: readonly ItemAnswer<readonly number[]>[]
      readonly settlements: readonly ItemAnswer<Settled>[]
      readonly commands: readonly ItemAnswer<FileAnswer>[]
      readonly wakes: ReadonlyArray<readonly OrderKey[]>
      /** Keys of rows that were removed without a settlement. */
      readonly freed: readonly OrderKey[]
      /** Somebody waits for what was removed to leave the files as well. */
      readonly purging: boolean
      /** Deliveries whose bytes are other ones now. */
      readonly altered: readonly number[]
      readonly accepts: readonly ItemAnswer<StoredAnswer>[]
      readonly claims: readonly ClaimPlan[]
    }

export type StoredRead = { readonly delivery: StoredDelivery } | { readonly damage: string }

/** One stretch of a listing: ids from `before` down, at most `limit` rows. */
export interface StretchRequest {
  readonly page: Page
  readonly before: number | null
  readonly limit: number
}

export interface Stretch<T> {
  readonly rows: readonly T[]
  /** Where to go on; null: nothing is left. */
  readonly next: number | null
}

/** One stretch of the history: deliveries above `after`, at most `limit` of them. */
export interface HistoryStretch {
  readonly page: HistoryPage
  readonly after: number
  readonly limit: number
}
