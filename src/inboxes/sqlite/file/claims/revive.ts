/** Dead letters and quarantine: made work again, or given up. */
import type { RowIds } from '../../../../ports/inbox/operations.ts'
import type { StoredError } from '../../../../ports/inbox/rows.ts'
import { rowOfItem, rowOfLetter } from '../../../rules/again.ts'
import { restoreElements } from '../bodies/altered-bodies.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { forgetDeaths } from '../ledger/crashes.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { addCounts, hasWork } from '../ledger/log-totals.ts'
import { handlersOf } from '../ledger/passes.ts'
import { insertRow } from './work-rows.ts'

interface LetterColumns {
  readonly seq: number
  readonly handler: string
  readonly element_index: number
  readonly run: string | null
  readonly errors: string
}

/** Returns the number of rows found. Attempts begin anew; dead letters keep their errors. */
export function revive(db: Database, draft: Ledger, { dead, quarantined }: RowIds, now: number): number {
  const letters = dead.filter((id) => reviveDeadLetter(db, draft, id, now))
  const items = quarantined.filter((id) => reviveQuarantine(db, draft, id, now))
  return letters.length + items.length
}

export function reviveDeadLettersOf(db: Database, draft: Ledger, seq: number, now: number): void {
  for (const { id } of db.all<{ id: number }>(sql.findDeadLettersOf, seq)) reviveDeadLetter(db, draft, id, now)
}

export function drop(db: Database, draft: Ledger, { dead, quarantined }: RowIds): number {
  const letters = dead.filter((id) => db.run(sql.deleteDeadLetter, id) > 0).length
  const items = quarantined.filter((id) => db.run(sql.deleteQuarantine, id) > 0).length
  addCounts(draft, { dead_letters: -letters, quarantined: -items, cancelled: letters + items })
  return letters + items
}

function reviveDeadLetter(db: Database, draft: Ledger, id: number, now: number): boolean {
  const letter = db.get<LetterColumns>(sql.readDeadLetter, id)
  if (!letter) return false
  const { seq, handler, element_index: index, run } = letter
  restoreElements(db, seq)
  const worked = hasWork(db, seq)
  const errors = JSON.parse(letter.errors) as StoredError[]
  insertRow(db, seq, { ...rowOfLetter({ handler, index, run }, now), errors })
  db.run(sql.deleteDeadLetter, id)
  addCounts(draft, { dead_letters: -1, with_work: worked ? 0 : 1 })
  return true
}

function reviveQuarantine(db: Database, draft: Ledger, id: number, now: number): boolean {
  const item = db.get<{ seq: number; element_index: number | null; events: number | null }>(sql.readQuarantine, id)
  if (!item) return false
  const { seq, element_index: index, events } = item
  const handlers = handlersOf(draft, seq)
  // A delivery that belongs to no handler stays in quarantine: it would get no work row.
  if (handlers.length === 0) return false
  const worked = hasWork(db, seq)
  for (const handler of handlers) insertRow(db, seq, rowOfItem(handler, index, events, now))
  forgetDeaths(db, draft, seq, index)
  db.run(sql.deleteQuarantine, id)
  addCounts(draft, { quarantined: -1, with_work: worked ? 0 : 1 })
  return true
}
