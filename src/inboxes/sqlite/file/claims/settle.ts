import { PosthornError } from '../../../../errors.ts'
import type { NewDeadLetter, NewQuarantine } from '../../../../ports/inbox/rows.ts'
import { withoutCancelled } from '../../../rules/cancelled.ts'
import { DROPPED_AT, withoutDropped } from '../../../rules/dropped.ts'
import { asOf } from '../../../rules/leap.ts'
import { quarantinedWord, tellReceived, tellSettled } from '../../../rules/tally.ts'
import { isBareEnd } from '../../wire/compact.ts'
import type { Condemned, Ending, HeldProgress, Moment, Settled } from '../../wire/protocol.ts'
import { blob, type Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { findConflict } from '../ledger/batch-conflicts.ts'
import { forgetDeaths, forgetUnderWay } from '../ledger/crashes.ts'
import { type DeliverySummary, readSummary } from '../ledger/delivery-summary.ts'
import type { Hold, Ledger } from '../ledger/ledger.ts'
import { addCounts, hasWork, isPassed } from '../ledger/log-totals.ts'
import { endFirstPassProgress, writePassProgress } from '../ledger/pass-progress.ts'
import { endPass, givePassBack } from '../ledger/passes.ts'
import { writeWhat } from '../ledger/quarantine-what.ts'
import { atomically } from '../ledger/transaction.ts'
import { forgetKeys, keepKeys } from './event-keys.ts'
import { noteFreed } from './order.ts'
import { isCancelled } from './replay.ts'
import { insertRow } from './work-rows.ts'

/** Carries out one settlement inside the transaction of the group, whole or not at all. */
export function settle(db: Database, draft: Ledger, settlement: Ending, moment: Moment): Settled {
  const { seq, firstPass } = settlement
  const hold = draft.held.get(seq)
  if (!hold) throw new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${seq} is not held any more.`)
  const facts = firstPass ? (hold.facts ?? readSummary(db, seq)) : null
  const isBare = isBareEnd(settlement)
  const isPlain = isBare && endBarely(db, draft, settlement, facts, moment.now)
  if (!isBare && !isApplied(db, draft, settlement)) {
    const kept = withoutCancelled(settlement, (run) => isCancelled(db, run))
    apply(db, draft, { ...kept, rows: asOf(kept.rows, kept.at, moment.now) }, facts, moment)
  }
  endClaim(db, draft, settlement, hold)
  // Before the end of its first pass a delivery has no work rows.
  const workIsLeft = !isPlain && hasWork(db, seq)
  if (!workIsLeft) forgetEnded(db, draft, seq)
  const conflictsWith = facts && findConflict(db, draft, seq, facts)
  if (facts && conflictsWith !== null) draft.looks.counts.tell(moment.now, facts.source, 'conflict', 1, 0)
  return { workIsLeft, conflictsWith }
}

/** Counts by time, once the settlement is carried out. `known` null: the summary is not in memory. */
function tell(db: Database, { looks }: Ledger, settlement: Ending, known: DeliverySummary | null, now: number): void {
  if (settlement.tally === undefined) return
  const facts = known ?? readSummary(db, settlement.seq)
  if (facts === null) return
  tellReceived(settlement, looks.counts.telling(facts.receivedAt, facts.source))
  tellSettled(settlement, looks.counts.telling(now, facts.source))
}

/** Forgets deaths and progress of a delivery on which nothing is left to do: memory would only grow. */
function forgetEnded(db: Database, draft: Ledger, seq: number): void {
  const isKnown = draft.deaths.has(seq) || draft.progressed.has(seq)
  if (!isKnown || !isPassed(db, draft, seq)) return
  forgetDeaths(db, draft, seq, null)
  endFirstPassProgress(db, draft, seq)
}

/** Returns the deliveries whose claim was lost. */
export function saveProgress(db: Database, draft: Ledger, progress: readonly HeldProgress[], moment: Moment): number[] {
  return progress.flatMap((one) => {
    if (!isUnderClaim(db, draft, one)) return [one.seq]
    atomically(db, draft, () => {
      writePassProgress(db, draft, one)
      changeKeys(db, one.seq, one, moment)
    })
    return []
  })
}

const isRowClaimed = 'SELECT 1 FROM work WHERE id = ? AND seq = ? AND claimed = 1'

function isUnderClaim(db: Database, draft: Ledger, { seq, row }: HeldProgress): boolean {
  if (!draft.held.has(seq)) return false
  return row === null ? !isPassed(db, draft, seq) : db.get(isRowClaimed, row, seq) !== undefined
}

const insertSettled = 'INSERT INTO settled (seq, events, trace) VALUES (?, ?, ?)'

/** Quarantines a whole delivery and deletes its work rows, because its bytes are not those that were accepted. */
export function condemn(db: Database, draft: Ledger, { seq, reason, at }: Condemned): void {
  const firstPass = !isPassed(db, draft, seq)
  const worked = hasWork(db, seq)
  const facts = readSummary(db, seq)
  const bytes = firstPass ? (facts?.size ?? 0) : 0
  if (firstPass) db.run(insertSettled, seq, null, null)
  if (facts !== null) draft.looks.counts.tell(at, facts.source, quarantinedWord({ index: null }), 1, 0)
  noteFreed(db, draft, seq)
  db.run(sql.deleteRowsOf, seq)
  insertQuarantine(db, seq, { index: null, reason, path: null, at })
  draft.held.delete(seq)
  endPass(db, draft, seq)
  endFirstPassProgress(db, draft, seq)
  forgetUnderWay(db, draft, seq)
  forgetDeaths(db, draft, seq, null)
  const ended = firstPass ? { settled: 1, settled_bytes: bytes } : {}
  addCounts(draft, { ...ended, with_work: worked ? -1 : 0, quarantined: 1 })
  if (firstPass) draft.ended.add(seq)
}

const hasRow = 'SELECT 1 FROM work WHERE id = ? AND seq = ?'

/**
 * Whether the settlement was carried out before: it comes again where its commit had an unknown end. A settled first
 * pass has its row in `settled`, and the ended work rows are gone: their ids are never used twice.
 */
function isApplied(db: Database, draft: Ledger, { seq, firstPass, endedRows }: Ending): boolean {
  if (firstPass) return isPassed(db, draft, seq)
  return endedRows.length > 0 && endedRows.every((id) => db.get(hasRow, id, seq) === undefined)
}

const insertSettledOnce = 'INSERT OR IGNORE INTO settled (seq, events, trace) VALUES (?, ?, ?)'

/** A settlement of one statement needs no savepoint. False: it was carried out before. */
function endBarely(
  db: Database,
  draft: Ledger,
  settlement: Ending,
  facts: DeliverySummary | null,
  now: number,
): boolean {
  const { seq, events, trace = null } = settlement
  const isKnown = seq <= draft.progress.mark
  if (isKnown || db.run(insertSettledOnce, seq, events, trace && blob(trace)) === 0) return false
  countDetails(draft, settlement, facts, 0)
  tell(db, draft, settlement, facts, now)
  draft.ended.add(seq)
  return true
}

function apply(db: Database, draft: Ledger, given: Ending, facts: DeliverySummary | null, moment: Moment): void {
  const { seq, firstPass, events, trace = null } = given
  const carriedOut = atomically(db, draft, () => {
    const { settlement, cancelled } = withoutDropped(given, (handler) => isDropped(db, draft, handler))
    if (cancelled > 0) addCounts(draft, { cancelled })
    // Before the end of its first pass a delivery has no work rows.
    const worked = !firstPass && hasWork(db, seq)
    if (firstPass) db.run(insertSettled, seq, events, trace && blob(trace))
    writeDetails(db, settlement)
    writeKeys(db, settlement, facts, moment)
    const works = firstPass ? settlement.rows.length > 0 : hasWork(db, seq)
    countDetails(draft, settlement, facts, Number(works) - Number(worked))
    return settlement
  })
  tell(db, draft, carriedOut, facts, moment.now)
  if (firstPass) draft.ended.add(seq)
}

const readSeenAt = 'SELECT seen_at FROM handler WHERE name = ?'

function isDropped(db: Database, { own }: Ledger, handler: string): boolean {
  if (own.includes(handler)) return false
  return db.get<{ seen_at: number }>(readSeenAt, handler)?.seen_at === DROPPED_AT
}

/** Gives back the claimed rows that the settlement has not ended. */
const leaveRows = 'UPDATE work SET claimed = 0, careful = 0 WHERE seq = ? AND claimed = 1'

function endClaim(db: Database, draft: Ledger, { seq, firstPass }: Ending, { careful }: Hold): void {
  draft.held.delete(seq)
  forgetUnderWay(db, draft, seq)
  if (firstPass) endFirstPassProgress(db, draft, seq)
  if (firstPass) endPass(db, draft, seq)
  else if (isPassed(db, draft, seq)) db.run(leaveRows, seq)
  // Work rows settled before the first pass ended: that pass goes back unchanged.
  else givePassBack(db, draft, seq, careful)
}

const countUnhandled = `
  INSERT INTO unhandled (name, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`

function writeDetails(db: Database, { seq, endedRows, rows, dead, quarantined, unhandled }: Ending): void {
  for (const id of endedRows) db.run(sql.deleteRow, id, seq)
  for (const row of rows) insertRow(db, seq, row)
  for (const letter of dead) insertDeadLetter(db, seq, letter)
  for (const item of quarantined) insertQuarantine(db, seq, item)
  for (const [name, times] of Object.entries(unhandled)) db.run(countUnhandled, name, times)
}

const countDuplicateEvents = `
  INSERT INTO duplicate_event (source, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`

function writeKeys(db: Database, settlement: Ending, facts: DeliverySummary | null, moment: Moment): void {
  const { seq, duplicateEvents = 0 } = settlement
  if (duplicateEvents > 0 && facts) db.run(countDuplicateEvents, facts.source, duplicateEvents)
  changeKeys(db, seq, settlement, moment)
}

type Keys = Pick<Ending, 'keys' | 'forgotten'>

function changeKeys(db: Database, seq: number, { keys, forgotten }: Keys, { isSteady }: Moment): void {
  if (keys) keepKeys(db, keys, seq, isSteady)
  if (forgotten) forgetKeys(db, forgotten.windowMs, forgotten.keys, seq)
}

function countDetails(draft: Ledger, settlement: Ending, facts: DeliverySummary | null, with_work: number): void {
  const { firstPass, events, dead, quarantined } = settlement
  const ended = firstPass ? { settled: 1, settled_bytes: facts?.size ?? 0, events: events ?? 0 } : {}
  addCounts(draft, { ...ended, with_work, dead_letters: dead.length, quarantined: quarantined.length })
}

/** Moves the mark over all first passes that have ended without a gap, in this group or earlier. */
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

function insertQuarantine(db: Database, seq: number, { index, at, ...what }: NewQuarantine): void {
  db.run(sql.insertQuarantine, seq, index, Math.trunc(at), writeWhat(what))
}
