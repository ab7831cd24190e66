import type { NewDeadLetter, NewQuarantine, NewWorkRow, Settlement } from '../../core/ports.ts'
import { OptionError } from '../../errors.ts'
import type { Database } from './database.ts'
import { epochOf } from './epochs.ts'
import { isOfTheItem } from './failure.ts'
import { giveBack, isPassed, type Ledger } from './ledger.ts'
import type { Condemned } from './protocol.ts'
import * as sql from './sql.ts'

/** Carries out one settlement inside the transaction of the group, whole or not at all. True: work is left. */
export function settle(db: Database, draft: Ledger, settlement: Settlement): boolean {
  const { seq } = settlement
  if (!draft.held.has(seq)) throw new OptionError(`settle: delivery ${seq} is not claimed`)
  if (!isApplied(db, draft, settlement)) apply(db, draft, settlement)
  if (settlement.firstPass) draft.held.delete(seq)
  else giveBack(db, draft, seq)
  return hasWork(db, seq)
}

/** Takes a delivery out of all work because its bytes are not what was accepted. */
export function condemn(db: Database, draft: Ledger, { seq, reason, at }: Condemned): void {
  const firstPass = !isPassed(db, draft, seq)
  const worked = hasWork(db, seq)
  if (firstPass) db.run(sql.insertSettled, seq, null)
  db.run(sql.deleteRowsOf, seq)
  insertQuarantine(db, seq, { index: null, reason, path: null, at })
  draft.held.delete(seq)
  const { settled, with_work, quarantined } = draft.progress
  draft.progress = {
    ...draft.progress,
    settled: settled + (firstPass ? 1 : 0),
    with_work: with_work - (worked ? 1 : 0),
    quarantined: quarantined + 1,
  }
  if (firstPass) advanceMark(db, draft, seq)
}

/**
 * A settlement whose commit had an unknown end may come again. What it would end tells whether it was carried out:
 * the first pass has its row, and ids of work rows are never used twice.
 */
function isApplied(db: Database, draft: Ledger, { seq, firstPass, endedRows }: Settlement): boolean {
  if (firstPass) return isPassed(db, draft, seq)
  return endedRows.length > 0 && endedRows.every((id) => db.get(sql.hasRow, id, seq) === undefined)
}

function apply(db: Database, draft: Ledger, settlement: Settlement): void {
  const { seq, firstPass, events } = settlement
  const worked = !firstPass && hasWork(db, seq)
  atomically(db, () => {
    if (firstPass) db.run(sql.insertSettled, seq, events)
    writeDetails(db, settlement)
  })
  count(db, draft, settlement, worked)
  if (firstPass) advanceMark(db, draft, seq)
}

/** Undoes what a refused item has written so far; any other failure undoes the whole group. */
function atomically(db: Database, write: () => void): void {
  db.exec('SAVEPOINT settlement')
  try {
    write()
  } catch (error) {
    if (isOfTheItem(error)) db.exec('ROLLBACK TO settlement; RELEASE settlement')
    throw error
  }
  db.exec('RELEASE settlement')
}

function writeDetails(db: Database, { seq, endedRows, rows, dead, quarantined, unhandled }: Settlement): void {
  for (const id of endedRows) db.run(sql.deleteRow, id, seq)
  for (const row of rows) insertRow(db, seq, row)
  for (const letter of dead) insertDeadLetter(db, seq, letter)
  for (const item of quarantined) insertQuarantine(db, seq, item)
  for (const [name, times] of Object.entries(unhandled)) db.run(sql.countUnhandled, name, times)
}

function count(db: Database, draft: Ledger, settlement: Settlement, worked: boolean): void {
  const { seq, firstPass, events, dead, quarantined } = settlement
  const works = hasWork(db, seq)
  const { progress } = draft
  draft.progress = {
    ...progress,
    settled: progress.settled + (firstPass ? 1 : 0),
    with_work: progress.with_work + (works ? 1 : 0) - (worked ? 1 : 0),
    dead_letters: progress.dead_letters + dead.length,
    quarantined: progress.quarantined + quarantined.length,
  }
  const epoch = epochOf(draft.epochs, seq)
  if (firstPass && events && epoch)
    draft.eventsByEpoch.set(epoch.from, (draft.eventsByEpoch.get(epoch.from) ?? 0) + events)
}

function advanceMark(db: Database, draft: Ledger, seq: number): void {
  let { mark } = draft.progress
  if (seq !== mark + 1) return
  do mark += 1
  while (db.get(sql.isSettled, mark + 1) !== undefined)
  draft.progress = { ...draft.progress, mark }
}

function hasWork(db: Database, seq: number): boolean {
  return db.get(sql.hasWork, seq) !== undefined
}

function insertRow(db: Database, seq: number, row: NewWorkRow): void {
  const { handler, first, last, attempts, dueAt, errors } = row
  // A whole number, rounded so that it is never due too early.
  db.run(sql.insertRow, seq, handler, first, last, attempts, Math.ceil(dueAt), JSON.stringify(errors))
}

function insertDeadLetter(db: Database, seq: number, letter: NewDeadLetter): void {
  const { handler, index, attempts, errors, at, element, size } = letter
  db.run(sql.insertDeadLetter, seq, handler, index, attempts, Math.trunc(at), size, JSON.stringify(errors), element)
}

function insertQuarantine(db: Database, seq: number, { index, reason, path, at }: NewQuarantine): void {
  db.run(sql.insertQuarantine, seq, index, Math.trunc(at), JSON.stringify({ reason, path }))
}
