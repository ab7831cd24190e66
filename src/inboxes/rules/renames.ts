/**
 * The former names of handlers with the names they have now. A former name that is in use again belongs to its new
 * bearer and is left alone: renaming it would take the new bearer's work away at every start.
 */
export function renamesOf(
  handlers: ReadonlyArray<{ readonly name: string; readonly formerly: readonly string[] }>,
): ReadonlyMap<string, string> {
  const current = new Set(handlers.map((handler) => handler.name))
  const renames = new Map<string, string>()
  for (const { name, formerly } of handlers) for (const old of formerly) if (!current.has(old)) renames.set(old, name)
  return renames
}
