/** A ledger read from the file, the draft that a group works on, and what is written when the group is committed. */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { readRecentBatches, saveBatches } from './conflicts.ts'
import { readDeaths, readNoted } from './crashes.ts'
import { readEpochs } from './epochs.ts'
import { readExtent, writeProgress } from './extent.ts'
import { readRecentIds } from './ids.ts'
import type { Ledger, Owner } from './ledger.ts'
import { readPasses } from './passes.ts'

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
