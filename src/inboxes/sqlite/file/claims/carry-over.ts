import type { InboxOpened, InboxOpening } from '../../../../ports/inbox/opening.ts'
import { renamesOf } from '../../../rules/renames.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { readLogTotals } from '../ledger/log-totals.ts'
import { renameInPassProgress } from '../ledger/pass-progress.ts'

const readHandlers = 'SELECT name FROM handler'

/**
 * Renames handlers in all that is stored and registers the handlers of this opening, inside a transaction. Returns
 * those that no opening has named before.
 */
export function carryOver(db: Database, handlers: InboxOpening['handlers'], now: number): InboxOpened['newHandlers'] {
  const renames = renamesOf(handlers)
  const seen = new Set(db.all<{ name: string }>(readHandlers).map((row) => row.name))
  // Also former names that no row of `handler` has: another process may have queued work under them since.
  for (const [old, name] of renames) rename(db, old, name)
  if (renames.size > 0) rewriteSets(db, renames)
  if (renames.size > 0) renameInPassProgress(db, renames)
  for (const { name } of handlers) db.run(sql.seeHandler, name, now)
  const known = new Set([...seen, ...[...renames].flatMap(([old, name]) => (seen.has(old) ? name : []))])
  const unseen = handlers.map((handler) => handler.name).filter((name) => !known.has(name))
  const { events: settledWithout } = readLogTotals(db).progress
  return unseen.sort().map((name) => ({ name, settledWithout }))
}

/** The current name of a handler that another process may still call by a former name. */
export const nameOf = ({ renames }: Ledger, handler: string): string => renames.get(handler) ?? handler

const deleteHandler = 'DELETE FROM handler WHERE name = ?'
const renameInWork = 'UPDATE work SET handler = ? WHERE handler = ?'
const renameInDeadLetters = 'UPDATE dead_letter SET handler = ? WHERE handler = ?'
const renameInDeaths = 'UPDATE OR REPLACE death SET handler = ? WHERE handler = ?'
const renameInPauses = 'UPDATE OR IGNORE pause SET handler = ? WHERE handler = ?'

function rename(db: Database, old: string, name: string): void {
  db.run(renameInWork, name, old)
  db.run(renameInDeadLetters, name, old)
  db.run(renameInDeaths, name, old)
  db.run(renameInPauses, name, old)
  db.run(sql.resumeHandler, old)
  db.run(deleteHandler, old)
}

const rewriteEpoch = 'UPDATE epoch SET handlers = ? WHERE from_seq = ?'
const rewritePass = 'UPDATE first_pass SET handlers = ? WHERE seq = ?'

function rewriteSets(db: Database, renames: ReadonlyMap<string, string>): void {
  const rewritten = (list: string) => {
    const handlers = (JSON.parse(list) as string[]).map((name) => renames.get(name) ?? name)
    return JSON.stringify([...new Set(handlers)].sort())
  }
  for (const row of db.all<{ from_seq: number; handlers: string }>(sql.readEpochs))
    db.run(rewriteEpoch, rewritten(row.handlers), row.from_seq)
  for (const row of db.all<{ seq: number; handlers: string | null }>(sql.readPasses))
    if (row.handlers !== null) db.run(rewritePass, rewritten(row.handlers), row.seq)
}
