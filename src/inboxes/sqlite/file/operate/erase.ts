/** Taking elements out of stored deliveries, with all that was made of them. */

import { emptiedBody, withoutElements } from '../../../../json/tombstone.ts'
import type { Erased, Erasure } from '../../../../ports/inbox/operations.ts'
import { leftOf } from '../../../rules/ranges.ts'
import { alter } from '../bodies/altered.ts'
import { readDelivery } from '../bodies/read.ts'
import { noteFreed } from '../claims/order.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import { forgetDeaths } from '../ledger/crashes.ts'
import { count, hasWork } from '../ledger/extent.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { endFirstPassProgress, eraseInPassProgress } from '../ledger/pass-progress.ts'

/**
 * Inside the transaction of the group. What is removed is overwritten, and not only unlinked, so that it is not found in
 * free pages until they are given back.
 */
export function erase(db: Database, draft: Ledger, erasures: readonly Erasure[]): Erased {
  db.exec('PRAGMA secure_delete = ON')
  try {
    const busy = erasures.filter(({ seq }) => draft.held.has(seq)).map(({ seq }) => seq)
    let erased = 0
    for (const erasure of erasures) if (!draft.held.has(erasure.seq)) erased += eraseOne(db, draft, erasure)
    if (erased > 0) db.run(upkeep.countUpkeep, 0, erased)
    return { erased, busy }
  } finally {
    db.exec('PRAGMA secure_delete = FAST')
  }
}

function eraseOne(db: Database, draft: Ledger, { seq, indices }: Erasure): number {
  const read = readDelivery(db, seq)
  // Damaged bytes that nobody can read are not searched either.
  if ('damage' in read) return 0
  const { body, kept } = read.delivery
  if (indices === null) return kept === 'none' ? 0 : eraseWhole(db, draft, seq)
  const altered = kept === 'none' ? null : withoutElements(body, indices)
  if (altered && altered.erased > 0) alter(db, seq, altered.body)
  const letters = indices.filter((index) => forgetElement(db, draft, seq, index)).length
  const erased = new Set(indices)
  eraseInPassProgress(db, draft, seq, erased)
  endWork(db, draft, seq, erased)
  return altered ? altered.erased : letters
}

function eraseWhole(db: Database, draft: Ledger, seq: number): number {
  alter(db, seq, emptiedBody())
  const items = db.all<{ id: number }>(upkeep.findQuarantineOf, seq)
  for (const { id } of items) db.run(sql.deleteQuarantine, id)
  const letters = db.all<{ id: number }>(sql.findDeadLettersOf, seq)
  for (const { id } of letters) db.run(sql.deleteDeadLetter, id)
  const worked = hasWork(db, seq)
  noteFreed(db, draft, seq)
  db.run(sql.deleteRowsOf, seq)
  endFirstPassProgress(db, draft, seq)
  forgetDeaths(db, draft, seq, null)
  count(draft, { quarantined: -items.length, dead_letters: -letters.length, with_work: worked ? -1 : 0 })
  return 1
}

/** Whether it had a dead letter. */
function forgetElement(db: Database, draft: Ledger, seq: number, index: number): boolean {
  const letters = db.all<{ id: number }>(upkeep.findDeadLettersAt, seq, index)
  for (const { id } of letters) db.run(sql.deleteDeadLetter, id)
  const items = db.all<{ id: number }>(upkeep.findQuarantineAt, seq, index)
  for (const { id } of items) db.run(sql.deleteQuarantine, id)
  forgetDeaths(db, draft, seq, index)
  count(draft, { quarantined: -items.length, dead_letters: -letters.length })
  return letters.length > 0
}

/** Rows with nothing else in them end; longer ones go on without these elements, and without what was said of any. */
function endWork(db: Database, draft: Ledger, seq: number, erased: ReadonlySet<number>): void {
  const rows = db.all<{ id: number; first: number; last: number }>(upkeep.readRanges, seq)
  for (const row of rows) {
    const left = leftOf(row, erased)
    if (left === 'ended') noteFreed(db, draft, seq, row.id)
    if (left === 'ended') db.run(sql.deleteRow, row.id, seq)
    if (left === 'shrunk') db.run(upkeep.forgetErrors, row.id)
  }
  if (rows.length > 0 && !hasWork(db, seq)) count(draft, { with_work: -1 })
}
