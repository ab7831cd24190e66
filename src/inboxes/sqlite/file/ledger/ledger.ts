/**
 * What the thread knows without asking the file: marks, counts, epochs and claims. A group works on a draft, which
 * takes the place of the ledger once the group is committed; after a failure the ledger is read anew.
 */
import type { Death, InboxOpening, OrderKey, Retention } from '../../../../ports/ports.ts'
import type { Turn } from '../../../rules/in-turn.ts'
import type { Held } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { type RecentBatches, readRecentBatches, saveBatches } from './conflicts.ts'
import { readDeaths, readNoted } from './crashes.ts'
import { type Epoch, readEpochs } from './epochs.ts'
import { type Extent, readExtent, writeProgress } from './extent.ts'
import type { Facts } from './facts.ts'
import { type RecentIds, readRecentIds } from './ids.ts'
import { type Pass, readPasses } from './passes.ts'

export interface Ledger extends Extent {
  readonly epochs: Epoch[]
  /** Names a delivery belongs to when it is claimed for the first time now; sorted. */
  readonly handlers: readonly string[]
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
  /** Those whose first pass this group has ended. */
  readonly ended: Set<number>
  /** Keys of rows that this group has removed without a settlement. */
  readonly freed: OrderKey[]
  /** First passes of which `progress.claimed` does not say enough. */
  readonly passes: Map<number, Pass>
  /** Deliveries with an event that is said to be under way. */
  noted: ReadonlySet<number>
  deaths: ReadonlyMap<number, readonly Death[]>
  readonly recent: RecentBatches
  readonly ids: RecentIds
  turn: Turn
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

export function readLedger(db: Database, owner: Owner): Ledger {
  const extent = readExtent(db)
  const held = new Map(owner.held.map(({ seq, careful }) => [seq, { careful, facts: null }]))
  return {
    ...extent,
    epochs: readEpochs(db),
    handlers: owner.handlers,
    renames: owner.renames,
    onRedelivery: owner.onRedelivery,
    retention: owner.retention,
    held,
    fresh: new Map(),
    ended: new Set(),
    freed: [],
    passes: readPasses(db, extent.progress, held),
    noted: readNoted(db),
    deaths: readDeaths(db),
    recent: readRecentBatches(db),
    ids: readRecentIds(db),
    turn: 0,
  }
}

export function draftOf(ledger: Ledger): Ledger {
  const { epochs, held, passes } = ledger
  return { ...ledger, epochs: [...epochs], held: new Map(held), ended: new Set(), freed: [], passes: new Map(passes) }
}

/** Writes what the group changed in a few narrow rows. */
export function saveLedger(db: Database, before: Ledger, draft: Ledger): void {
  for (const epoch of draft.epochs.slice(before.epochs.length))
    db.run(sql.insertEpoch, epoch.from, JSON.stringify(epoch.handlers))
  saveBatches(db, draft.recent)
  if (draft.progress !== before.progress) writeProgress(db, draft.progress)
}
