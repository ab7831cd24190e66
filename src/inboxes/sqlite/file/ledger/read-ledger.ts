/** Reads a ledger from the file, makes the draft of a group, and writes what changed at the commit. */
import { belongingAt } from '../../../rules/belonging.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { readRecentBatches, saveBatches } from './batch-conflicts.ts'
import { readDeaths, readNoted } from './crashes.ts'
import { readEpochs } from './epochs.ts'
import { readRecentIds } from './ids.ts'
import type { Ledger, LedgerOpening } from './ledger.ts'
import { readLogTotals, writeProgress } from './log-totals.ts'
import { Gathering, readKnown, readMarks, writeMarks } from './looks.ts'
import { readProgressed } from './pass-progress.ts'
import { readPasses } from './passes.ts'

export function readLedger(db: Database, owner: LedgerOpening, now: number): Ledger {
  const extent = readLogTotals(db)
  const held = new Map(owner.held.map(({ seq, careful }) => [seq, { careful, facts: null }]))
  return {
    ...extent,
    epochs: readEpochs(db),
    own: owner.handlers,
    belonging: readBelongingAt(db, owner.handlers, now),
    renames: owner.renames,
    onRedelivery: owner.onRedelivery,
    retention: owner.retention,
    held,
    fresh: new Map(),
    passedOver: new Map(),
    ended: new Set(),
    freed: [],
    passes: readPasses(db, extent.progress, held),
    noted: readNoted(db),
    deaths: readDeaths(db),
    progressed: readProgressed(db),
    recent: readRecentBatches(db),
    ids: readRecentIds(db),
    looks: new Gathering(readKnown(db)),
    marks: readMarks(db),
    turn: 0,
  }
}

/** The handlers that a delivery belongs to when it is claimed for the first time. */
export function readBelongingAt(db: Database, own: readonly string[], now: number): string[] {
  const seen = db.all<{ name: string; seen_at: number }>(sql.readSeen)
  return belongingAt(
    now,
    own,
    seen.map(({ name, seen_at }) => ({ name, seenAt: seen_at })),
  )
}

export function draftOf(ledger: Ledger): Ledger {
  const { epochs, held, passes } = ledger
  return {
    ...ledger,
    epochs: [...epochs],
    held: new Map(held),
    ended: new Set(),
    freed: [],
    passes: new Map(passes),
    looks: new Gathering(ledger.looks.known),
  }
}

/** Writes what the group changed in a few narrow rows. */
export function saveLedger(db: Database, before: Ledger, draft: Ledger): void {
  for (const epoch of draft.epochs.slice(before.epochs.length))
    db.run(sql.insertEpoch, epoch.from, JSON.stringify(epoch.handlers))
  saveBatches(db, draft.recent)
  draft.looks.save(db, draft.marks)
  if (draft.marks !== before.marks) writeMarks(db, draft.marks)
  if (draft.progress !== before.progress) writeProgress(db, draft.progress)
}
