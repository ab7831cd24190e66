import type { InboxOpened, InboxOpening } from '../../core/ports.ts'
import { renamesOf } from '../../lib/renames.ts'
import type { Store } from './store.ts'

/** Carries renames over to stored work and registers the handlers; returns those never seen before. */
export function carryOver(store: Store, { handlers }: InboxOpening): InboxOpened['newHandlers'] {
  const renames = [...renamesOf(handlers)].filter(([old]) => store.seen.has(old))
  rename(store, new Map(renames))
  store.turn = 0
  store.handlers = handlers.map((handler) => handler.name).sort()
  const settledWithout = store.entries.reduce((sum, entry) => sum + (entry.passed ? (entry.events ?? 0) : 0), 0)
  const unseen = store.handlers.filter((name) => !store.seen.has(name))
  for (const name of unseen) store.seen.add(name)
  return unseen.map((name) => ({ name, settledWithout }))
}

function rename(store: Store, renames: ReadonlyMap<string, string>): void {
  if (renames.size === 0) return
  const now = (name: string) => renames.get(name) ?? name
  for (const [id, work] of store.work)
    store.work.set(id, { ...work, row: { ...work.row, handler: now(work.row.handler) } })
  store.dead = store.dead.map((dead) => ({ ...dead, letter: { ...dead.letter, handler: now(dead.letter.handler) } }))
  for (const entry of store.entries) if (entry.handlers) entry.handlers = [...new Set(entry.handlers.map(now))].sort()
  for (const [old, name] of renames) if (store.seen.delete(old)) store.seen.add(name)
}
