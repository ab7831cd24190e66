/**
 * What the thread knows without asking the file: marks, counts, epochs and claims. A group works on a draft, which
 * takes the place of the ledger once the group is committed; after a failure the ledger is read anew.
 */
import type { Turn } from '../../lib/in-turn.ts'
import type { Database } from './database.ts'
import type { Epoch } from './epochs.ts'
import * as sql from './sql.ts'

export interface Progress {
  readonly mark: number
  readonly claimed: number
  readonly settled: number
  readonly with_work: number
  readonly dead_letters: number
  readonly quarantined: number
}

export interface Ledger {
  lastSeq: number
  progress: Progress
  /** Events settled in this group, by the start of their epoch. */
  readonly eventsByEpoch: Map<number, number>
  readonly epochs: Epoch[]
  /** Names a delivery belongs to when it is claimed for the first time now; sorted. */
  readonly handlers: readonly string[]
  readonly held: Set<number>
  /** Claimed once, neither settled nor held: given back, or left by a process that is gone. Ascending. */
  returned: readonly number[]
  turn: Turn
}

export function readLedger(db: Database, handlers: readonly string[], held: ReadonlySet<number>): Ledger {
  const progress = db.get<Progress>(sql.readProgress)
  if (!progress) throw new Error('the row of progress is missing')
  const epochs = db.all<{ from_seq: number; handlers: string }>(sql.readEpochs)
  return {
    // A log that was pruned to nothing still goes on where it was.
    lastSeq: Math.max(db.get<{ seq: number | null }>(sql.findLastSeq)?.seq ?? 0, progress.claimed),
    progress,
    eventsByEpoch: new Map(),
    epochs: epochs.map((row) => ({ from: row.from_seq, handlers: JSON.parse(row.handlers) as string[] })),
    handlers,
    held: new Set(held),
    returned: findUnsettled(db, progress).filter((seq) => !held.has(seq)),
    turn: 0,
  }
}

export function draftOf(ledger: Ledger): Ledger {
  return { ...ledger, eventsByEpoch: new Map(), epochs: [...ledger.epochs], held: new Set(ledger.held) }
}

/** Gives a claim back. A first pass is then to be claimed again, before everything newer. */
export function giveBack(db: Database, ledger: Ledger, seq: number): void {
  if (!ledger.held.delete(seq) || isPassed(db, ledger, seq)) return
  ledger.returned = [...ledger.returned, seq].sort((a, b) => a - b)
}

/** Whether the first pass has ended. */
export function isPassed(db: Database, ledger: Ledger, seq: number): boolean {
  return seq <= ledger.progress.mark || db.get(sql.isSettled, seq) !== undefined
}

/** Writes what the group changed in a few narrow rows. */
export function saveLedger(db: Database, before: Ledger, draft: Ledger): void {
  for (const epoch of draft.epochs.slice(before.epochs.length))
    db.run(sql.insertEpoch, epoch.from, JSON.stringify(epoch.handlers))
  for (const [from, events] of draft.eventsByEpoch) db.run(sql.addEventsToEpoch, events, from)
  const { mark, claimed, settled, with_work, dead_letters, quarantined } = draft.progress
  if (draft.progress !== before.progress)
    db.run(sql.writeProgress, mark, claimed, settled, with_work, dead_letters, quarantined)
}

function findUnsettled(db: Database, { mark, claimed }: Progress): number[] {
  const unsettled: number[] = []
  let seq = mark + 1
  for (const row of db.iterate<{ seq: number }>(sql.findSettledBetween, mark, claimed)) {
    for (; seq < row.seq; seq++) unsettled.push(seq)
    seq = row.seq + 1
  }
  for (; seq <= claimed; seq++) unsettled.push(seq)
  return unsettled
}
