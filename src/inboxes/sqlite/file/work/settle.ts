import { OptionError } from '../../../../errors.ts'
import type { Settlement } from '../../../../ports/inbox/claims.ts'
import type { NewDeadLetter, NewQuarantine } from '../../../../ports/inbox/rows.ts'
import { reckonedAnew } from '../../../rules/leap.ts'
import { isBareEnd } from '../../wire/compact.ts'
import type { Condemned, Moment, Settled } from '../../wire/protocol.ts'
import { blob, type Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { findConflict } from '../ledger/conflicts.ts'
import { forgetDeaths, forgetUnderWay } from '../ledger/crashes.ts'
import { count, hasWork, isPassed } from '../ledger/extent.ts'
import { type Facts, readFacts } from '../ledger/facts.ts'
import type { Hold, Ledger } from '../ledger/ledger.ts'
import { endPass, givePassBack } from '../ledger/passes.ts'
import { atomically } from '../ledger/transaction.ts'
import { forgetKeys, keepKeys } from './event-keys.ts'
import { noteFreed } from './order.ts'
import { isCancelled } from './replay.ts'
import { insertRow } from './work-rows.ts'

/** Carries out one settlement inside the transaction of the group, whole or not at all. */
export function settle(db: Database, draft: Ledger, settlement: Settlement, moment: Moment): Settled {
  const { seq, firstPass } = settlement
  const hold = draft.held.get(seq)
  if (!hold) throw new OptionError(`settle: delivery ${seq} is not claimed`)
  const facts = firstPass ? (hold.facts ?? readFacts(db, seq)) : null
  const isBare = isBareEnd(settlement)
  const isPlain = isBare && endBarely(db, draft, settlement, facts)
  if (!isBare && !isApplied(db, draft, settlement))
    apply(db, draft, asOf(moment.now, withoutCancelled(db, settlement)), facts, moment)
  endClaim(db, draft, settlement, hold)
  // Before the end of its first pass a delivery has no work rows.
  const workIsLeft = !isPlain && hasWork(db, seq)
  if (!workIsLeft && draft.deaths.has(seq) && isPassed(db, draft, seq)) forgetDeaths(db, draft, seq, null)
  return { workIsLeft, conflictsWith: facts && findConflict(db, draft, seq, facts) }
}

/** Nothing more is made of a replay that was cancelled meanwhile. */
function withoutCancelled(db: Database, settlement: Settlement): Settlement {
  if (settlement.firstPass) return settlement
  const rows = settlement.rows.filter(({ replay }) => !isCancelled(db, replay?.run ?? null))
  const dead = settlement.dead.filter(({ run }) => !isCancelled(db, run))
  return { ...settlement, rows, dead }
}

/** The clock may have been set back since the pass ended. */
function asOf(now: number, settlement: Settlement): Settlement {
  const { at, rows } = settlement
  if (at === undefined || at <= now) return settlement
  return { ...settlement, rows: rows.map((row) => ({ ...row, dueAt: reckonedAnew(row.dueAt, at, now) })) }
}

/** Takes a delivery out of all work because its bytes are not what was accepted. */
export function condemn(db: Database, draft: Ledger, { seq, reason, at }: Condemned): void {
  const firstPass = !isPassed(db, draft, seq)
  const worked = hasWork(db, seq)
  const bytes = firstPass ? (readFacts(db, seq)?.size ?? 0) : 0
  if (firstPass) db.run(sql.insertSettled, seq, null)
  noteFreed(db, draft, seq)
  db.run(sql.deleteRowsOf, seq)
  insertQuarantine(db, seq, { index: null, reason, path: null, at })
  draft.held.delete(seq)
  endPass(db, draft, seq)
  forgetUnderWay(db, draft, seq)
  forgetDeaths(db, draft, seq, null)
  const ended = firstPass ? { settled: 1, settled_bytes: bytes } : {}
  count(draft, { ...ended, with_work: worked ? -1 : 0, quarantined: 1 })
  if (firstPass) draft.ended.add(seq)
}

/**
 * A settlement whose commit had an unknown end may come again. What it would end tells whether it was carried out:
 * the first pass has its row, and ids of work rows are never used twice.
 */
function isApplied(db: Database, draft: Ledger, { seq, firstPass, endedRows }: Settlement): boolean {
  if (firstPass) return isPassed(db, draft, seq)
  return endedRows.length > 0 && endedRows.every((id) => db.get(sql.hasRow, id, seq) === undefined)
}

/** False: it was carried out before. One statement needs no savepoint. */
function endBarely(db: Database, draft: Ledger, settlement: Settlement, facts: Facts | null): boolean {
  const { seq, events } = settlement
  if (seq <= draft.progress.mark || db.run(sql.insertSettledOnce, seq, events) === 0) return false
  countDetails(draft, settlement, facts, 0)
  draft.ended.add(seq)
  return true
}

function apply(db: Database, draft: Ledger, settlement: Settlement, facts: Facts | null, moment: Moment): void {
  const { seq, firstPass, events } = settlement
  atomically(db, draft, () => {
    // Before the end of its first pass a delivery has no work rows.
    const worked = !firstPass && hasWork(db, seq)
    if (firstPass) db.run(sql.insertSettled, seq, events)
    writeDetails(db, settlement)
    writeKeys(db, settlement, facts, moment)
    const works = firstPass ? settlement.rows.length > 0 : hasWork(db, seq)
    countDetails(draft, settlement, facts, Number(works) - Number(worked))
  })
  if (firstPass) draft.ended.add(seq)
}

function endClaim(db: Database, draft: Ledger, { seq, firstPass }: Settlement, { careful }: Hold): void {
  draft.held.delete(seq)
  forgetUnderWay(db, draft, seq)
  if (firstPass) endPass(db, draft, seq)
  else if (isPassed(db, draft, seq)) db.run(sql.leaveRows, seq)
  // Whoever settled rows of it has left its first pass as it was.
  else givePassBack(db, draft, seq, careful)
}

function writeDetails(db: Database, { seq, endedRows, rows, dead, quarantined, unhandled }: Settlement): void {
  for (const id of endedRows) db.run(sql.deleteRow, id, seq)
  for (const row of rows) insertRow(db, seq, row)
  for (const letter of dead) insertDeadLetter(db, seq, letter)
  for (const item of quarantined) insertQuarantine(db, seq, item)
  for (const [name, times] of Object.entries(unhandled)) db.run(sql.countUnhandled, name, times)
}

function writeKeys(db: Database, settlement: Settlement, facts: Facts | null, { isSteady }: Moment): void {
  const { seq, duplicateEvents = 0, keys, forgotten } = settlement
  if (duplicateEvents > 0 && facts) db.run(sql.countDuplicateEvents, facts.source, duplicateEvents)
  if (keys) keepKeys(db, keys, seq, isSteady)
  if (forgotten) forgetKeys(db, forgotten.windowMs, forgotten.keys)
}

function countDetails(draft: Ledger, settlement: Settlement, facts: Facts | null, with_work: number): void {
  const { firstPass, events, dead, quarantined } = settlement
  const ended = firstPass ? { settled: 1, settled_bytes: facts?.size ?? 0, events: events ?? 0 } : {}
  count(draft, { ...ended, with_work, dead_letters: dead.length, quarantined: quarantined.length })
}

/** Moves the mark over what has ended, with this group or before those in front of it. */
export function advanceMark(db: Database, draft: Ledger): void {
  let { mark } = draft.progress
  if (!draft.ended.has(mark + 1)) return
  do mark += 1
  while (draft.ended.has(mark + 1) || db.get(sql.isSettled, mark + 1) !== undefined)
  draft.progress = { ...draft.progress, mark }
}

function insertDeadLetter(db: Database, seq: number, letter: NewDeadLetter): void {
  const { handler, index, attempts, errors, at, element, size, run } = letter
  const history = JSON.stringify(errors)
  db.run(sql.insertDeadLetter, seq, handler, index, attempts, Math.trunc(at), size, run, history, blob(element))
}

function insertQuarantine(db: Database, seq: number, { index, reason, path, at }: NewQuarantine): void {
  db.run(sql.insertQuarantine, seq, index, Math.trunc(at), JSON.stringify({ reason, path }))
}
