/**
 * What the main thread and the thread of the file say to each other. Everything here survives the structured clone;
 * bytes that should not be copied travel in transferred buffers.
 */
import type {
  InboxOpened,
  InboxOpening,
  InboxStats,
  Page,
  Settlement,
  StoredDeadLetter,
  StoredDelivery,
  StoredQuarantine,
  WorkRow,
} from '../../core/ports.ts'
import type { ErrorCode } from '../../errors.ts'

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
}

export interface OpenRequest {
  readonly handlers: InboxOpening['handlers']
  /** Deliveries this process still works on, when the thread is started again. */
  readonly held: readonly number[]
  /** The file it must be when the thread is started again; null the first time. */
  readonly identity: string | null
}

export type OpenAnswer =
  | { readonly owned: true }
  | {
      readonly owned: false
      readonly opened: InboxOpened
      readonly identity: string
      readonly warnings: readonly string[]
      readonly shortage: string | null
    }

/** A delivery without its bytes; hash and body lie in the packed buffer, in the same order. */
export interface PackedDelivery {
  readonly id: string
  readonly source: string
  readonly batchId: string | null
  readonly receivedAt: number
  /** The fields nobody searches by, as JSON. */
  readonly meta: string
  readonly size: number
}

export interface ClaimRequest {
  readonly handlers: readonly string[]
  readonly maxDeliveries: number
  readonly maxBytes: number
  readonly now: number
}

/** A delivery whose stored bytes turned out to be damaged. */
export interface Condemned {
  readonly seq: number
  readonly reason: string
  readonly at: number
}

/** What is committed together. Carried out in the order of the fields. */
export interface GroupRequest {
  readonly releases: readonly number[]
  readonly settlements: readonly Settlement[]
  readonly condemned: readonly Condemned[]
  readonly sendersLeft: readonly number[]
  readonly accepts: readonly PackedDelivery[]
  /** 32 bytes of hash, then the body, for each accept. */
  readonly packed: Uint8Array
  readonly claims: readonly ClaimRequest[]
}

export type ItemAnswer<T> = { readonly value: T } | { readonly failure: Failure }

export interface Accepted {
  readonly status: 'accepted' | 'duplicate'
  readonly seq: number
}

/** A claim before its bytes are read. */
export interface PlannedClaim {
  readonly seq: number
  readonly bytes: number
  readonly handlers: readonly string[]
  readonly rows: readonly WorkRow[] | null
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
}

export type GroupAnswer =
  | { readonly lost: Failure }
  | {
      readonly lost: null
      /** Whether the group needed a write transaction. */
      readonly committed: boolean
      /** Why new deliveries are refused although the store works; null when they are not. */
      readonly shortage: string | null
      /** Whether work rows are left on the delivery. */
      readonly settlements: readonly ItemAnswer<boolean>[]
      readonly accepts: readonly ItemAnswer<Accepted>[]
      readonly claims: readonly ClaimPlan[]
    }

export type Read = { readonly delivery: StoredDelivery } | { readonly damage: string }

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

/** Every call, with its request and its answer. */
export interface Calls {
  open: [OpenRequest, OpenAnswer]
  group: [GroupRequest, GroupAnswer]
  /** In the order of the request. */
  read: [readonly number[], readonly Read[]]
  find: [string, Read | null]
  stats: [null, InboxStats]
  deliveries: [StretchRequest, Stretch<StoredDelivery & { readonly bytes: number }>]
  deadLetters: [StretchRequest, Stretch<StoredDeadLetter>]
  quarantine: [StretchRequest, Stretch<StoredQuarantine>]
  /** Reopens what was lost and writes a little, to see whether the store works. */
  probe: [null, { readonly shortage: string | null }]
  close: [null, null]
}

export type CallName = keyof Calls

export type ToThread = {
  [K in CallName]: { readonly id: number; readonly name: K; readonly request: Calls[K][0] }
}[CallName]

export type FromThread =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure }
