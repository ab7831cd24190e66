/** The tables of one sender: its events, the fields of each, and what each field is. */
import { classesOf } from '../../src/providers/kit/catalogue.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { code, codes, table } from './markdown.ts'
import type { Sender } from './senders.ts'

export function eventsTable({ provider, catalogue, schemas }: Sender): string {
  const rows = Object.entries(catalogue).map(([name, { types, payload, schema }]) => {
    const { description = '' } = schemas.get(schema) ?? {}
    return [code(name), codes(types), code(payload), description]
  })
  const unknown = [code(`${provider}.unknown`), '`unknown`', 'any object', 'An event that is not in this table.']
  return table(['event', 'type', 'payload', 'when it comes'], [...rows, unknown])
}

/** One row for each class of the sender: the pattern that listens to it. Empty where it has no classes. */
export function classesTable({ provider, catalogue }: Sender): string | null {
  const rows = [...classesOf(catalogue)].map(([nativeClass, names]) => [
    code(`${provider}.${nativeClass}.*`),
    codes(names),
  ])
  return rows.length === 0 ? null : table(['pattern', 'events'], rows)
}

export function fieldsOfEvents(sender: Sender): string {
  const rows = Object.entries(sender.catalogue).map(([name, { schema }]) => {
    const { documented, besides } = fieldsOf(sender, schema)
    const more = besides.length === 0 ? '' : ` · also seen: ${codes(besides)}`
    return [code(name), String(documented.length), codes(documented) + more]
  })
  return table(['event', 'n', 'fields'], rows)
}

function fieldsOf({ schemas, undocumented }: Sender, key: string) {
  const besides = new Set(undocumented[key])
  const all = Object.keys(schemas.get(key)?.properties ?? {}).sort()
  return { documented: all.filter((name) => !besides.has(name)), besides: all.filter((name) => besides.has(name)) }
}

/** One row for each field; more where events disagree about it. */
export function fieldsTable({ catalogue, schemas }: Sender): string {
  const rows = new Map<string, { cells: readonly string[]; events: string[] }>()
  for (const [event, { schema }] of Object.entries(catalogue))
    for (const cells of rowsOf(schemas.get(schema)?.properties ?? {}, '')) {
      const key = cells.join('\0')
      const row = rows.get(key) ?? { cells, events: [] }
      row.events.push(event)
      rows.set(key, row)
    }
  return table(['field', 'wire', 'in `payload`', 'what it is'], withEvents([...rows.values()]))
}

function withEvents(rows: ReadonlyArray<{ cells: readonly string[]; events: readonly string[] }>): string[][] {
  const names = rows.map(({ cells: [name = ''] }) => name)
  const sorted = [...rows].sort((a, b) => compare(bare(a.cells[0]), bare(b.cells[0])))
  return sorted.map(({ cells: [name = '', ...rest], events }) => {
    const alone = names.indexOf(name) === names.lastIndexOf(name)
    const shown = events.length > 3 ? `${codes(events.slice(0, 3))} …` : codes(events)
    return [alone ? name : `${name} (${shown})`, ...rest]
  })
}

const bare = (text = '') => text.replaceAll('`', '')
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function rowsOf(properties: Record<string, JsonSchema>, path: string): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const at = path + name
    const inner = schema.properties ?? {}
    const items = schema.items?.properties ?? {}
    const row = [code(at), wireOf(schema), payloadOf(schema), describe(schema)]
    return [row, ...rowsOf(inner, `${at}.`), ...rowsOf(items, `${at}[].`)]
  })
}

/** The field that tells what an event is. */
export const isWord = (schema: JsonSchema): boolean => (schema.const ?? schema.enum) !== undefined

/** As the sender documents it; what else is taken is in the table of tolerance. */
export function wireOf(schema: JsonSchema): string {
  if (schema['x-id']) return 'identifier'
  if (isWord(schema)) return 'word'
  const hint = schema['x-payload']
  const types = [schema.type ?? []].flat()
  if (types.includes('object')) return 'object'
  if (schema.items !== undefined || (types.includes('array') && schema.maxItems === undefined)) return 'list'
  if (hint === undefined || types.length === 0) return 'anything'
  return hint.startsWith('boolean') ? 'flag' : hint.startsWith('number') ? 'number' : 'text'
}

function payloadOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return 'the word of the event'
  if (schema['x-payload'] !== undefined) return code(schema['x-payload'])
  if (wireOf(schema) === 'list') return schema.items?.properties ? 'list of objects' : `list of ${itemOf(schema)}`
  return schema.properties ? 'object' : code('Record<string, unknown>')
}

const itemOf = ({ items }: JsonSchema) => code(items?.['x-payload'] ?? 'unknown')

function describe({ description = '', examples = [] }: JsonSchema): string {
  const shown = examples.map((example) => code(typeof example === 'string' ? example : JSON.stringify(example)))
  return shown.length === 0 ? description : `${description} Example: ${shown.join(', ')}`
}

/** Where the field sets are from, by event. */
export function sourcesTable({ catalogue, schemas }: Sender): string {
  const bySource = new Map<string, string[]>()
  for (const [name, { schema }] of Object.entries(catalogue)) {
    const source = (schemas.get(schema)?.$comment ?? '').replace(/^Source: /, '')
    bySource.set(source, [...(bySource.get(source) ?? []), name])
  }
  const all = Object.keys(catalogue).length
  const rows = [...bySource].map(([source, names]) => [names.length === all ? 'all' : codes(names), source])
  return table(['events', 'source of the fields'], rows)
}
