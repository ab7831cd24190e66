import type { InboxOpening } from '../../ports/inbox/opening.ts'

type Opening = InboxOpening['handlers'][number]

/**
 * The former names of handlers with the names they have now. A former name that is in use again belongs to its new
 * bearer and is left alone: renaming it would take the new bearer's work away at every start.
 */
export function renamesOf(handlers: ReadonlyArray<Pick<Opening, 'name' | 'formerly'>>): ReadonlyMap<string, string> {
  const current = new Set(handlers.map((handler) => handler.name))
  const renames = new Map<string, string>()
  for (const { name, formerly } of handlers) for (const old of formerly) if (!current.has(old)) renames.set(old, name)
  return renames
}

/** Whether each handler has an order now, by its name and by the former names that are renamed to it. */
export function ordersOf(handlers: InboxOpening['handlers']): ReadonlyMap<string, boolean> {
  const orders = new Map(handlers.map(({ name, ordered = false }) => [name, ordered]))
  for (const [old, name] of renamesOf(handlers)) orders.set(old, orders.get(name) === true)
  return orders
}
