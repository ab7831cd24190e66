/** From a zod schema to the JSON Schema we publish, by way of one with the generator's own annotations. */
import { z } from 'zod'

/** Root of every `$id`. */
export const SCHEMA_BASE = 'https://posthorn.dev/schemas'

export interface JsonSchema {
  $schema?: string
  $id?: string
  $comment?: string
  title?: string
  description?: string
  examples?: readonly unknown[]
  type?: string | readonly string[]
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
  maxItems?: number
  'x-payload'?: string
  'x-id'?: true
  source?: string
  [keyword: string]: unknown
}

/** The schema with the `x-` annotations still in it. */
export function toAnnotatedSchema(provider: string, key: string, schema: z.ZodType): JsonSchema {
  const { $schema, title, description, source, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
  }) as JsonSchema
  if (title === undefined || description === undefined || source === undefined || $schema === undefined)
    throw new Error(`${provider} ${key}: title, description or source is missing`)
  const $id = `${SCHEMA_BASE}/${provider}/${key}.json`
  return { $schema, $id, title, description, $comment: `Source: ${source}`, ...simplify(rest, `${provider} ${key}`) }
}

/** Without the annotations that only the generator reads. */
export function toPublishedSchema(schema: JsonSchema): JsonSchema {
  return mapSchema(schema, ({ 'x-payload': _payload, 'x-id': _id, ...rest }) => rest)
}

/** Keywords only: what a validator needs. */
export function toBareSchema(schema: JsonSchema): JsonSchema {
  const bare = mapSchema(toPublishedSchema(schema), ({ title, description, examples, $comment, ...rest }) => rest)
  const { $schema, $id, ...rest } = bare
  return rest
}

function mapSchema(schema: JsonSchema, change: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const result = change(schema)
  if (result.properties) result.properties = mapValues(result.properties, (value) => mapSchema(value, change))
  if (result.items) result.items = mapSchema(result.items, change)
  return result
}

/** Writes unions as lists of types and leaves out keywords that say nothing. */
function simplify(schema: JsonSchema, at: string): JsonSchema {
  const { anyOf, ...rest } = schema
  const result: JsonSchema = anyOf ? { ...rest, ...mergeUnion(anyOf, at) } : rest
  if (JSON.stringify(result.additionalProperties ?? {}) !== '{}')
    throw new Error(`${at}: additionalProperties must let everything through`)
  delete result.additionalProperties
  delete result.propertyNames
  if (result.properties)
    result.properties = mapValues(result.properties, (value, name) => simplify(value, `${at}/${name}`))
  if (result.items) result.items = simplify(result.items, `${at}[]`)
  if (result.items && Object.keys(result.items).length === 0) delete result.items
  return result
}

/** Each member has a type of its own and keywords that touch no other type, so that one list of types says the same. */
function mergeUnion(members: readonly JsonSchema[], at: string): JsonSchema {
  const types = members.map((member) => member.type)
  if (types.some((type) => typeof type !== 'string') || new Set(types).size !== types.length)
    throw new Error(`${at}: the members of a union need a JSON type each, got ${JSON.stringify(types)}`)
  if (members.some((member) => 'const' in member || 'enum' in member))
    throw new Error(`${at}: constants in a union bind all of its types`)
  const merged: JsonSchema = { type: types as string[] }
  for (const { type, ...rest } of members) Object.assign(merged, rest)
  return merged
}

function mapValues<V>(table: Record<string, V>, change: (value: V, key: string) => V): Record<string, V> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value, key)]))
}
