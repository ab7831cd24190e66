import type { InboxOpened, InboxOpening } from '../../../../ports/inbox/opening.ts'
import { renamesOf } from '../../../rules/renames.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { readExtent } from '../ledger/extent.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { renameInPassProgress } from '../ledger/pass-progress.ts'

/**
 * Carries renames over to stored work and registers the handlers, inside a transaction; returns those never seen
 * before.
 */
export function carryOver(db: Database, handlers: InboxOpening['handlers'], now: number): InboxOpened['newHandlers'] {
  const renames = renamesOf(handlers)
  const seen = new Set(db.all<{ name: string }>(sql.readHandlers).map((row) => row.name))
  // Also names that nobody has any more: another process may have queued something under them since.
  for (const [old, name] of renames) rename(db, old, name)
  if (renames.size > 0) rewriteSets(db, renames)
  if (renames.size > 0) renameInPassProgress(db, renames)
  for (const { name } of handlers) db.run(sql.seeHandler, name, now)
  const known = new Set([...seen, ...[...renames].flatMap(([old, name]) => (seen.has(old) ? name : []))])
  const unseen = handlers.map((handler) => handler.name).filter((name) => !known.has(name))
  const { events: settledWithout } = readExtent(db).progress
  return unseen.sort().map((name) => ({ name, settledWithout }))
}

/** The name that the handler has now, of a name that another process may still know it by. */
export const nameOf = ({ renames }: Ledger, handler: string): string => renames.get(handler) ?? handler

function rename(db: Database, old: string, name: string): void {
  db.run(sql.renameInWork, name, old)
  db.run(sql.renameInDeadLetters, name, old)
  db.run(sql.renameInDeaths, name, old)
  db.run(sql.renameInPauses, name, old)
  db.run(sql.resumeHandler, old)
  db.run(sql.deleteHandler, old)
}

function rewriteSets(db: Database, renames: ReadonlyMap<string, string>): void {
  const rewritten = (list: string) => {
    const handlers = (JSON.parse(list) as string[]).map((name) => renames.get(name) ?? name)
    return JSON.stringify([...new Set(handlers)].sort())
  }
  for (const row of db.all<{ from_seq: number; handlers: string }>(sql.readEpochs))
    db.run(sql.rewriteEpoch, rewritten(row.handlers), row.from_seq)
  for (const row of db.all<{ seq: number; handlers: string | null }>(sql.readPasses))
    if (row.handlers !== null) db.run(sql.rewritePass, rewritten(row.handlers), row.seq)
}
