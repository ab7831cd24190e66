import type { InboxOpened, InboxOpening } from '../../../../ports/inbox/opening.ts'
import { renamesOf } from '../../../rules/renames.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { readExtent } from '../ledger/extent.ts'

/**
 * Carries renames over to stored work and registers the handlers, inside a transaction; returns those never seen
 * before.
 */
export function carryOver(db: Database, handlers: InboxOpening['handlers'], now: number): InboxOpened['newHandlers'] {
  const renames = renamesOf(handlers)
  const seen = new Set(db.all<{ name: string }>(sql.readHandlers).map((row) => row.name))
  const renamed = [...renames].filter(([old]) => seen.has(old))
  for (const [old, name] of renamed) rename(db, old, name)
  if (renamed.length > 0) rewriteSets(db, renames)
  for (const { name } of handlers) db.run(sql.seeHandler, name, now)
  const known = new Set([...seen, ...renamed.map(([, name]) => name)])
  const unseen = handlers.map((handler) => handler.name).filter((name) => !known.has(name))
  const { events: settledWithout } = readExtent(db).progress
  return unseen.sort().map((name) => ({ name, settledWithout }))
}

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
