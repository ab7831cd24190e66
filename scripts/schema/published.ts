/**
 * From what zod says to the JSON Schemas of `schemas/`: each file whole in itself, each scalar a reference to its
 * definition, every keyword one that ajv takes in strict mode.
 */
import { type JsonSchema, SCHEMA_BASE } from './json-schema.ts'

export type Definitions = Record<string, JsonSchema>

export const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })

/** The schema of one event for publishing; the definitions that it refers to are added to `definitions`. */
export function refer(schema: JsonSchema, definitions: Definitions): JsonSchema {
  const { 'x-definition': definition, description, examples, ...rest } = plain(schema)
  const said = { ...(description === undefined ? {} : { description }), ...(examples ? { examples } : {}) }
  if (definition !== undefined) {
    definitions[definition] = inner(rest, definitions)
    return { ...said, ...ref(definition) }
  }
  const { title, ...others } = rest
  return { ...(title === undefined ? {} : { title }), ...said, ...inner(others, definitions) }
}

function inner(schema: JsonSchema, definitions: Definitions): JsonSchema {
  const { properties, items, anyOf, 'x-needs-one': needsOne, ...rest } = schema
  const within = (one: JsonSchema) => refer(one, definitions)
  // Several types in a list are a union to ajv, which strict mode refuses.
  if (Array.isArray(rest.type)) return { anyOf: rest.type.map((type) => ({ type })) }
  const result: JsonSchema = { ...rest }
  if (properties) result.properties = mapValues(properties, within)
  if (items && Object.keys(items).length > 0) result.items = within(items)
  if (anyOf) result.anyOf = anyOf.map(within)
  // `required` names what `properties` beside it have: strictRequired of ajv.
  if (needsOne) result.anyOf = needsOne.map((name) => ({ properties: { [name]: {} }, required: [name] }))
  return result
}

/** Without what says nothing, and without what only the generator reads. */
function plain(schema: JsonSchema): JsonSchema {
  const {
    'x-payload': _payload,
    'x-id': _id,
    source: _source,
    propertyNames: _names,
    $schema: _draft,
    ...rest
  } = schema
  if (JSON.stringify(rest.additionalProperties) === '{}') delete rest.additionalProperties
  return rest
}

/** The definitions of several events, with the fields that some of them share as definitions of their own. */
export function shareFields(events: Definitions): Definitions {
  const fields = Object.values(events).flatMap(({ properties = {} }) => Object.entries(properties))
  const byText = Map.groupBy(fields, ([name, field]) => JSON.stringify([name, field]))
  const shared: Definitions = {}
  for (const [[name, field] = ['', {}], ...others] of byText.values())
    if (others.length > 0) shared[`field.${name}`] ??= field
  const use = (field: JsonSchema, name: string) =>
    JSON.stringify(shared[`field.${name}`]) === JSON.stringify(field) ? ref(`field.${name}`) : field
  const users = mapValues(events, (event) => ({ ...event, properties: mapValues(event.properties ?? {}, use) }))
  return { ...users, ...sorted(shared) }
}

/** A file of `schemas/`: in JSON Schema 2020-12, and its twin in draft-07. */
export function documents(path: string, schema: JsonSchema): Array<[path: string, text: string]> {
  const { $defs, ...rest } = schema
  const whole = { ...rest, ...($defs === undefined ? {} : { $defs: sorted($defs) }) }
  const modern = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: idOf(path), ...whole }
  const twin = `draft-07/${path}`
  const older = { $schema: 'http://json-schema.org/draft-07/schema#', $id: idOf(twin), ...(toDraft07(whole) as object) }
  return [
    [`schemas/${path}`, `${print(modern)}\n`],
    // Made from the other, which is the one to read: without white space it is two thirds of the size.
    [`schemas/${twin}`, `${JSON.stringify(older)}\n`],
  ]
}

const idOf = (path: string) => `${SCHEMA_BASE}/${path}`

/** In draft-07 definitions have another place, and what stands beside a reference is not read. */
function toDraft07(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toDraft07)
  if (typeof value !== 'object' || value === null) return value
  const { $ref, $defs, examples, const: constant, ...rest } = value as JsonSchema
  const result: JsonSchema = mapValues(rest, toDraft07) as JsonSchema
  if (examples !== undefined) result.examples = examples
  if (constant !== undefined) result.const = constant
  if ($defs !== undefined) result.definitions = toDraft07($defs)
  if ($ref === undefined) return result
  const reference = { $ref: $ref.replace('#/$defs/', '#/definitions/') }
  return Object.keys(rest).length === 0 && examples === undefined ? reference : { ...result, allOf: [reference] }
}

const WIDTH = 120

/** Keywords whose values are data, on one line each. */
const DATA = new Set(['examples', 'required', 'enum'])

/** JSON text with what fits on a line on one line: a field is one line, a file some dozens. */
function print(value: unknown, indent = ''): string {
  const line = inline(value)
  if (typeof value !== 'object' || value === null) return line
  if (indent !== '' && indent.length + line.length <= WIDTH) return line
  const next = `${indent}  `
  if (Array.isArray(value)) return `[\n${value.map((one) => next + print(one, next)).join(',\n')}\n${indent}]`
  const member = (key: string, one: unknown) => (DATA.has(key) && Array.isArray(one) ? inline(one) : print(one, next))
  const members = Object.entries(value).map(([key, one]) => `${next}${JSON.stringify(key)}: ${member(key, one)}`)
  return `{\n${members.join(',\n')}\n${indent}}`
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inline(one)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

const sorted = <V>(table: Record<string, V>): Record<string, V> =>
  Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)))

function mapValues<V, W>(table: Record<string, V>, change: (value: V, key: string) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value, key)]))
}
