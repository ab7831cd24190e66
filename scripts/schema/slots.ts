/** Renders what puts the fields of an object into slots (`src/providers/kit/slots.ts`). */
import { isScalar } from './compact.ts'
import type { JsonSchema } from './json-schema.ts'

export type Places = ReadonlyMap<string, number>

/** A place for every field of the schemas. */
export function placesOf(schemas: ReadonlyMap<string, JsonSchema>): Places {
  const names = new Set([...schemas.values()].flatMap(({ properties = {} }) => Object.keys(properties)))
  return new Map([...names].sort().map((name, place) => [name, place]))
}

/** `F`, `fill` and the list of ids; `reads` are the fields that the provider reads. */
export function renderSlots(
  schemas: ReadonlyMap<string, JsonSchema>,
  places: Places,
  reads: readonly string[],
  ids: readonly string[],
): string {
  const always = new Set([...reads, ...notScalar(schemas)])
  for (const name of always) if (!places.has(name)) throw new Error(`no schema has a field ${name}`)
  const readable = Object.fromEntries([...reads].sort().map((name) => [name, places.get(name)]))
  return `
/** The places of the fields that are read. */
export const F = ${JSON.stringify(readable, null, 2)} as const

/** How many places there are. */
export const SIZE = ${places.size}

const PLACES: ReadonlyMap<string, number> = new Map(${JSON.stringify([...places])})

/**
 * Fills the slots, all of which must be undefined, from an object; true when one of them is a number. By length and then
 * by name: half the time of a look into the map for each key.
 */
export function fill(slots: unknown[], wire: object): boolean {
  let numbers = false
  for (const name in wire) {
    const value = wire[name]
    let place = -1
    switch (name.length) {
${renderCases(always, places)}
    }
    if (place === -1) {
      if (typeof value === 'string' || typeof value === 'boolean') continue
      place = PLACES.get(name) ?? -1
      if (place === -1) continue
    }
    if (typeof value === 'number') numbers = true
    slots[place] = value
  }
  return numbers
}

/** Fields that are strings in the payload, whatever the wire has, with their places. */
export const ids: ReadonlyArray<readonly [name: string, place: number]> = ${JSON.stringify(
    ids.map((name) => [name, places.get(name)]),
  )}
`
}

function renderCases(names: ReadonlySet<string>, places: Places): string {
  const byLength = Map.groupBy([...names].sort(), (name) => name.length)
  const cases = [...byLength]
    .sort(([a], [b]) => a - b)
    .map(([length, same]) => {
      const choice = same.map((name) => `name === '${name}' ? ${places.get(name)} : `).join('')
      return `      case ${length}: place = ${choice}-1; break`
    })
  return cases.join('\n')
}

/** Fields that some schema does not take as text. */
function notScalar(schemas: ReadonlyMap<string, JsonSchema>): Set<string> {
  const fields = [...schemas.values()].flatMap(({ properties = {} }) => Object.entries(properties))
  return new Set(fields.filter(([, field]) => !isScalar(field)).map(([name]) => name))
}
