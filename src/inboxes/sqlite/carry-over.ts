import type { InboxOpened, InboxOpening } from '../../core/ports.ts'
import { renamesOf } from '../../lib/renames.ts'
import type { Database } from './database.ts'
import * as sql from './sql.ts'

/** Carries renames over to stored work and registers the handlers; returns those never seen before. */
export function carryOver(db: Database, handlers: InboxOpening['handlers']): InboxOpened['newHandlers'] {
  const renames = renamesOf(handlers)
  const seen = new Set(db.all<{ name: string }>(sql.readHandlers).map((row) => row.name))
  const renamed = [...renames].filter(([old]) => seen.has(old))
  const known = new Set([...seen, ...renamed.map(([, name]) => name)])
  const unseen = handlers.map((handler) => handler.name).filter((name) => !known.has(name))
  if (renamed.length === 0 && unseen.length === 0) return []
  const settledWithout = db.get<{ events: number }>(sql.sumSettledEvents)?.events ?? 0
  db.exec('BEGIN IMMEDIATE')
  for (const [old, name] of renamed) rename(db, old, name)
  if (renamed.length > 0) rewriteEpochs(db, renames)
  for (const name of unseen) db.run(sql.insertHandler, name)
  db.exec('COMMIT')
  return unseen.sort().map((name) => ({ name, settledWithout }))
}

function rename(db: Database, old: string, name: string): void {
  db.run(sql.renameInWork, name, old)
  db.run(sql.renameInDeadLetters, name, old)
  db.run(sql.insertHandler, name)
  db.run(sql.deleteHandler, old)
}

function rewriteEpochs(db: Database, renames: ReadonlyMap<string, string>): void {
  for (const row of db.all<{ from_seq: number; handlers: string }>(sql.readEpochs)) {
    const handlers = (JSON.parse(row.handlers) as string[]).map((name) => renames.get(name) ?? name)
    db.run(sql.rewriteEpoch, JSON.stringify([...new Set(handlers)].sort()), row.from_seq)
  }
}
