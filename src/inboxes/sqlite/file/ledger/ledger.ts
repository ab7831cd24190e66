/**
 * What the thread of the file knows without reading the file: marks, counts, epochs and claims. A group works on a
 * draft; once it is committed the draft becomes the ledger. After a failure the ledger is read anew.
 */
import type { Death, OrderKey } from '../../../../ports/inbox/claims.ts'
import type { InboxOpening, Retention } from '../../../../ports/inbox/opening.ts'
import type { Turn } from '../../../rules/in-turn.ts'
import type { Held } from '../../wire/protocol.ts'
import type { Gathered } from '../db/deferred-index.ts'
import type { DeliverySummary } from './delivery-summary.ts'
import type { Epoch } from './epochs.ts'
import type { RecentIds } from './ids.ts'
import type { LogTotals } from './log-totals.ts'
import type { Gathering, Marks } from './looks.ts'

export interface Ledger extends LogTotals {
  readonly epochs: Epoch[]
  /** The handlers of this process, sorted. */
  readonly own: readonly string[]
  /** The handlers that a delivery belongs to when it is claimed for the first time now; sorted. */
  belonging: readonly string[]
  /** Former names of handlers, each with the name it has now. */
  readonly renames: ReadonlyMap<string, string>
  readonly onRedelivery: InboxOpening['onRedelivery']
  /** Absent: everything is kept. */
  readonly retention: Retention | undefined
  /** Deliveries under claim. */
  readonly held: Map<number, Hold>
  /**
   * Some of the deliveries that were stored and neither claimed nor noted since: most are claimed with the next group,
   * and need not be read then. Shared by ledger and draft; empty after a failure.
   */
  readonly fresh: Map<number, DeliverySummary>
  /**
   * Deliveries that claims have passed over, with their sources. Shared by ledger and draft: its entries are true
   * whatever becomes of the group, and the next claim finds missing ones again.
   */
  readonly passedOver: Map<number, string>
  /** Deliveries whose first pass this group has ended. */
  readonly ended: Set<number>
  /** Keys of rows that this group has removed without a settlement. */
  readonly freed: OrderKey[]
  /** First passes whose state does not follow from `progress.claimed`. */
  readonly passes: Map<number, FirstPassRow>
  /** Deliveries with a note. */
  noted: ReadonlySet<number>
  deaths: ReadonlyMap<number, readonly Death[]>
  /** Deliveries with saved progress; some without it too. */
  progressed: ReadonlySet<number>
  readonly recent: RecentBatches
  readonly ids: RecentIds
  /** What this group counts by time, and its uses of credentials. */
  readonly looks: Gathering
  /** Up to when counts by time are added up, and from when they are kept. */
  marks: Marks
  turn: Turn
}

export interface FirstPassRow {
  readonly state: 'claimed' | 'returned' | 'ended'
  readonly careful: boolean
  /** The handlers that the delivery belongs to; null: those of its epoch. */
  readonly handlers: readonly string[] | null
}

/** The first delivery of each of the latest batches, by the hash of the batch. */
export interface RecentBatches extends Gathered<number> {
  /** Batches first seen in this group. */
  readonly noted: [hash: number, seq: number][]
  /** The last row of `recent_batches` that has a batch which is being added to the index. */
  upTo: number
}

export interface Hold {
  /** The claim is of a suspect: the process gets no other claims beside it, save those given with it. */
  readonly careful: boolean
  /** null: not in memory. */
  readonly facts: DeliverySummary | null
}

/** What a ledger is opened with. */
export interface LedgerOpening {
  readonly handlers: readonly string[]
  readonly renames: ReadonlyMap<string, string>
  readonly onRedelivery: InboxOpening['onRedelivery']
  readonly retention?: Retention | undefined
  readonly held: readonly Held[]
}
