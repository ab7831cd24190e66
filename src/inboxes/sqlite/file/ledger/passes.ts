/**
 * First passes. Normally one number is enough: up to `progress.claimed` every delivery was claimed, and those that are
 * not settled are under claim. Each exception has a row: a first pass that was given back, one of a suspect, one that
 * was claimed before deliveries with a lower `seq`.
 */
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { epochOf, extend } from './epochs.ts'
import type { FirstPassRow, Ledger } from './ledger.ts'
import type { ProgressRow } from './log-totals.ts'

interface PassColumns {
  readonly seq: number
  readonly state: FirstPassRow['state']
  readonly careful: number
  readonly handlers: string | null
}

/** A first pass that the file has as claimed and that this process does not hold counts as given back. */
export function readPasses(
  db: Database,
  progress: ProgressRow,
  held: ReadonlyMap<number, unknown>,
): Map<number, FirstPassRow> {
  const passes = new Map<number, FirstPassRow>()
  for (const { seq, state, careful, handlers } of db.all<PassColumns>(sql.readPasses)) {
    const known = handlers === null ? null : (JSON.parse(handlers) as string[])
    const nobodys = state === 'claimed' && !held.has(seq)
    passes.set(seq, { state: nobodys ? 'returned' : state, careful: careful === 1, handlers: known })
  }
  for (const seq of findUnsettled(db, progress))
    if (!held.has(seq) && !passes.has(seq)) passes.set(seq, { state: 'returned', careful: false, handlers: null })
  return passes
}

const findSettledBetween = 'SELECT seq FROM settled WHERE seq > ? AND seq <= ? ORDER BY seq'

/** First passes that were claimed and are not settled. */
export function* findUnsettled(db: Database, { mark, claimed }: ProgressRow): Generator<number> {
  let seq = mark + 1
  for (const row of db.iterate<{ seq: number }>(findSettledBetween, mark, claimed)) {
    for (; seq < row.seq; seq++) yield seq
    seq = row.seq + 1
  }
  for (; seq <= claimed; seq++) yield seq
}

/** The handlers that a claimed delivery belongs to. */
export function handlersOf(draft: Ledger, seq: number): readonly string[] {
  return draft.passes.get(seq)?.handlers ?? epochOf(draft.epochs, seq)?.handlers ?? []
}

/** Records the claims of first passes, in the transaction of the group. */
export function claimPasses(db: Database, draft: Ledger, seqs: readonly number[]): void {
  let newest = draft.progress.claimed
  for (const seq of seqs) {
    const pass = draft.passes.get(seq)
    if (pass) claimAgain(db, draft, seq, pass)
    else newest = Math.max(newest, seq)
  }
  advance(db, draft, newest)
}

/** Records the first claim of a delivery while others with a lower `seq` were never claimed. */
export function claimAhead(db: Database, draft: Ledger, seq: number): void {
  setPass(db, draft, seq, { state: 'claimed', careful: false, handlers: draft.belonging })
}

export function givePassBack(db: Database, draft: Ledger, seq: number, careful: boolean): void {
  setPass(db, draft, seq, { state: 'returned', careful, handlers: draft.passes.get(seq)?.handlers ?? null })
}

export function endPass(db: Database, draft: Ledger, seq: number): void {
  const pass = draft.passes.get(seq)
  if (!pass) return
  if (pass.handlers === null) setPass(db, draft, seq, null)
  else setPass(db, draft, seq, { ...pass, state: 'ended', careful: false })
}

function claimAgain(db: Database, draft: Ledger, seq: number, pass: FirstPassRow): void {
  if (pass.careful || pass.handlers !== null) setPass(db, draft, seq, { ...pass, state: 'claimed' })
  else setPass(db, draft, seq, null)
}

/**
 * Moves `progress.claimed` up to `to`, and over deliveries behind it that were claimed ahead. Deliveries in between
 * whose source was not asked for count as given back.
 */
function advance(db: Database, draft: Ledger, to: number): void {
  let { claimed } = draft.progress
  const ahead = () => draft.passes.get(claimed + 1)
  for (let pass = ahead(); claimed < to || pass; pass = ahead()) {
    claimed += 1
    extend(draft.epochs, claimed, pass?.handlers ?? draft.belonging)
    if (pass) absorb(db, draft, claimed, pass)
    else if (draft.passedOver.has(claimed)) givePassBack(db, draft, claimed, false)
  }
  if (claimed !== draft.progress.claimed) draft.progress = { ...draft.progress, claimed }
}

/** From now on the epochs say which handlers the delivery belongs to. */
function absorb(db: Database, draft: Ledger, seq: number, pass: FirstPassRow): void {
  const told = pass.state === 'ended' || (pass.state === 'claimed' && !pass.careful)
  setPass(db, draft, seq, told ? null : { ...pass, handlers: null })
}

const deletePass = 'DELETE FROM first_pass WHERE seq = ?'

function setPass(db: Database, draft: Ledger, seq: number, pass: FirstPassRow | null): void {
  if (pass === null) {
    draft.passes.delete(seq)
    db.run(deletePass, seq)
    return
  }
  draft.passes.set(seq, pass)
  const handlers = pass.handlers === null ? null : JSON.stringify(pass.handlers)
  db.run(sql.writePass, seq, pass.state, pass.careful ? 1 : 0, handlers)
}

/** First passes that were given back, of suspects or of others, in order of the log. */
export function findReturned({ passes }: Ledger, { careful }: Pick<FirstPassRow, 'careful'>): number[] {
  const returned = [...passes].filter(([, pass]) => pass.state === 'returned' && pass.careful === careful)
  return returned.map(([seq]) => seq).sort((a, b) => a - b)
}

/** Whether a first pass that `isAsked` was given back and is not claimed again. */
export function hasReturned({ passes }: Ledger, isAsked: (seq: number) => boolean): boolean {
  for (const [seq, { state }] of passes) if (state === 'returned' && isAsked(seq)) return true
  return false
}
