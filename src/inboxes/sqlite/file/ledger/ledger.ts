/**
 * What the thread knows without asking the file: marks, counts, epochs and claims. A group works on a draft, which
 * takes the place of the ledger once the group is committed; after a failure the ledger is read anew.
 */
import type { Death, OrderKey } from '../../../../ports/inbox/claims.ts'
import type { InboxOpening, Retention } from '../../../../ports/inbox/opening.ts'
import type { Turn } from '../../../rules/in-turn.ts'
import type { Held } from '../../wire/protocol.ts'
import type { Gathered } from '../db/filling.ts'
import type { Epoch } from './epochs.ts'
import type { Extent } from './extent.ts'
import type { Facts } from './facts.ts'
import type { RecentIds } from './ids.ts'
import type { Gathering, Marks } from './looks.ts'

export interface Ledger extends Extent {
  readonly epochs: Epoch[]
  /** Of this process; sorted. */
  readonly own: readonly string[]
  /** Names a delivery belongs to when it is claimed for the first time now; sorted. */
  belonging: readonly string[]
  /** The names they have now, by those they had. */
  readonly renames: ReadonlyMap<string, string>
  readonly onRedelivery: InboxOpening['onRedelivery']
  /** Absent: everything is kept. */
  readonly retention: Retention | undefined
  /** Deliveries under claim. */
  readonly held: Map<number, Hold>
  /**
   * Deliveries that were stored and neither claimed nor noted since, as many as there is room for: most are claimed
   * with the next group. Shared by ledger and draft: after a failure there are none.
   */
  readonly fresh: Map<number, Facts>
  /**
   * Deliveries that claims have passed over, with their sources. Shared by ledger and draft: what it says is of the log,
   * and what it does not say the next claim finds again.
   */
  readonly passedOver: Map<number, string>
  /** Those whose first pass this group has ended. */
  readonly ended: Set<number>
  /** Keys of rows that this group has removed without a settlement. */
  readonly freed: OrderKey[]
  /** First passes of which `progress.claimed` does not say enough. */
  readonly passes: Map<number, Pass>
  /** Deliveries with an event that is said to be under way. */
  noted: ReadonlySet<number>
  deaths: ReadonlyMap<number, readonly Death[]>
  /** Deliveries of which a pass that was not settled has brought something to an end; some settled ones too. */
  progressed: ReadonlySet<number>
  readonly recent: RecentBatches
  readonly ids: RecentIds
  /** What this group counts for those who look. */
  readonly looks: Gathering
  /** How far counts by time are added up and kept. */
  marks: Marks
  turn: Turn
}

export interface Pass {
  readonly state: 'claimed' | 'returned' | 'ended'
  readonly careful: boolean
  /** Those it belongs to; null where the epochs say so. */
  readonly handlers: readonly string[] | null
}

/** The first delivery of each of the latest batches, by the hash of the batch. */
export interface RecentBatches extends Gathered<number> {
  /** Those of this group. */
  readonly noted: [hash: number, seq: number][]
  /** The last row of `recent_batches` with any of those that are being added. */
  upTo: number
}

export interface Hold {
  /** It is to be handled with care, and nothing else beside it but what is given with it. */
  readonly careful: boolean
  /** null: not at hand. */
  readonly facts: Facts | null
}

/** Whom a ledger is for. */
export interface Owner {
  readonly handlers: readonly string[]
  readonly renames: ReadonlyMap<string, string>
  readonly onRedelivery: InboxOpening['onRedelivery']
  readonly retention?: Retention | undefined
  readonly held: readonly Held[]
}
