/** Fields that several payload interfaces share: each is described once, in an interface that they extend. */
import type { JsonSchema } from './json-schema.ts'
import type { PublishedSender } from './senders.ts'

export interface SharedFields {
  readonly name: string
  readonly properties: Record<string, JsonSchema>
}

/** The sets of a sender, the largest first; without the word, which differs from event to event. */
export function sharedFields(
  { provider, sets, word }: PublishedSender,
  schemas: ReadonlyMap<string, JsonSchema>,
): readonly SharedFields[] {
  const all = [...schemas.values()].map(({ properties = {} }) => properties)
  // The last one is a relay message, which has other fields under some of these names.
  const fields = Object.assign({}, ...all.toReversed()) as Record<string, JsonSchema>
  const common = Object.keys(fields).filter((name) => all.every((properties) => name in properties))
  const title = `${provider[0]?.toUpperCase()}${provider.slice(1)}`
  const shared = Object.entries(sets ?? { Common: common }).map(([name, names]): SharedFields => {
    const own = [...new Set(names)].filter((field) => field !== word).sort()
    return {
      name: `${title}${name}Fields`,
      properties: Object.fromEntries(own.map((field) => [field, fields[field] ?? {}])),
    }
  })
  return shared.sort((a, b) => sizeOf(b) - sizeOf(a))
}

const sizeOf = ({ properties }: SharedFields) => Object.keys(properties).length

/** `extends A, B ` of the sets that are in `properties` as a whole, and what is left without them. */
export function renderHeritage(properties: Record<string, JsonSchema>, shared: readonly SharedFields[]) {
  const rest = { ...properties }
  const used: string[] = []
  for (const { name, properties: own } of shared) {
    const isWhole = Object.entries(own).every(
      ([field, schema]) => JSON.stringify(rest[field]) === JSON.stringify(schema),
    )
    if (!isWhole) continue
    used.push(name)
    for (const field of Object.keys(own)) delete rest[field]
  }
  const separator = used.length > 2 ? '\n  ' : ' '
  return { heritage: used.length === 0 ? '' : `extends${separator}${used.join(`,${separator}`)} `, rest }
}
