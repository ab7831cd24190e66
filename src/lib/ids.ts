/** Identifiers stay text: they are compared and stored, never added up. Private. */

/**
 * Turns the named fields of `wire` that hold numbers into strings, in place: the object was parsed for us and nobody
 * else holds it. Integers beyond 2^53 come as strings already, exact (the reader of bodies quotes them).
 */
export function idsToStrings(wire: Record<string, unknown>, ids: readonly string[]): void {
  for (const id of ids) {
    const value = wire[id]
    if (typeof value === 'number') wire[id] = String(value)
  }
}
