/** Takes elements out of stored deliveries, with their dead letters, quarantine and work rows. */

import { emptiedBody, withoutElements } from '../../../../json/tombstone.ts'
import type { Erased, Erasure } from '../../../../ports/inbox/operations.ts'
import { leftOf } from '../../../rules/ranges.ts'
import { alter } from '../bodies/altered-bodies.ts'
import { readDelivery } from '../bodies/read.ts'
import { noteFreed } from '../claims/order.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import { forgetDeaths } from '../ledger/crashes.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { addCounts, hasWork } from '../ledger/log-totals.ts'
import { endFirstPassProgress, eraseInPassProgress } from '../ledger/pass-progress.ts'

/**
 * Inside the transaction of the group. Removed bytes are overwritten, not only unlinked, so that free pages do not hold
 * them.
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
  // No search reads damaged bytes, so it has found no elements in them.
  if ('damage' in read) return 0
  const { body, kept } = read.delivery
  if (indices === null) return eraseWhole(db, draft, seq, kept !== 'none')
  const altered = kept === 'none' ? null : withoutElements(body, indices)
  if (altered && altered.erased > 0) alter(db, seq, altered.body)
  const letters = indices.filter((index) => forgetElement(db, draft, seq, index)).length
  const erased = new Set(indices)
  eraseInPassProgress(db, draft, seq, erased)
  endWork(db, draft, seq, erased)
  return altered ? altered.erased : letters
}

const findQuarantineOf = 'SELECT id FROM quarantine WHERE seq = ?'

/** Erases a whole delivery; its dead letters and quarantine may have outlived its bytes. */
function eraseWhole(db: Database, draft: Ledger, seq: number, hadBytes: boolean): number {
  if (hadBytes) alter(db, seq, emptiedBody())
  const items = db.all<{ id: number }>(findQuarantineOf, seq)
  for (const { id } of items) db.run(sql.deleteQuarantine, id)
  const letters = db.all<{ id: number; element_index: number }>(sql.findDeadLettersOf, seq)
  for (const { id } of letters) db.run(sql.deleteDeadLetter, id)
  const worked = hasWork(db, seq)
  noteFreed(db, draft, seq)
  db.run(sql.deleteRowsOf, seq)
  endFirstPassProgress(db, draft, seq)
  forgetDeaths(db, draft, seq, null)
  addCounts(draft, { quarantined: -items.length, dead_letters: -letters.length, with_work: worked ? -1 : 0 })
  return hadBytes ? 1 : new Set(letters.map(({ element_index: index }) => index)).size
}

const findDeadLettersAt = 'SELECT id FROM dead_letter WHERE seq = ? AND element_index = ?'
const findQuarantineAt = 'SELECT id FROM quarantine WHERE seq = ? AND element_index = ?'

/** Removes dead letters and quarantine of one element. Returns whether it had a dead letter. */
function forgetElement(db: Database, draft: Ledger, seq: number, index: number): boolean {
  const letters = db.all<{ id: number }>(findDeadLettersAt, seq, index)
  for (const { id } of letters) db.run(sql.deleteDeadLetter, id)
  const items = db.all<{ id: number }>(findQuarantineAt, seq, index)
  for (const { id } of items) db.run(sql.deleteQuarantine, id)
  forgetDeaths(db, draft, seq, index)
  addCounts(draft, { quarantined: -items.length, dead_letters: -letters.length })
  return letters.length > 0
}

const readRanges = 'SELECT id, first, last FROM work WHERE seq = ?'
const forgetErrors = "UPDATE work SET errors = '[]' WHERE id = ?"

/** Deletes work rows of erased elements only; longer ones stay, without their errors (`leftOf`). */
function endWork(db: Database, draft: Ledger, seq: number, erased: ReadonlySet<number>): void {
  const rows = db.all<{ id: number; first: number; last: number }>(readRanges, seq)
  for (const row of rows) {
    const left = leftOf(row, erased)
    if (left === 'ended') noteFreed(db, draft, seq, row.id)
    if (left === 'ended') db.run(sql.deleteRow, row.id, seq)
    if (left === 'shrunk') db.run(forgetErrors, row.id)
  }
  if (rows.length > 0 && !hasWork(db, seq)) addCounts(draft, { with_work: -1 })
}
