/**
 * From the tolerant zod schemas to JSON Schemas that the generator reads, with annotations of its own: what validators,
 * payload interfaces and documents are made from.
 */
import { z } from 'zod'
import { notes } from '../../src/zod/notes.ts'
import { rules } from '../../src/zod/tolerant/rules.ts'
import type { PublishedSender } from './senders.ts'

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
  const?: unknown
  enum?: readonly unknown[]
  required?: readonly string[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  'x-payload'?: string
  'x-id'?: true
  /** The name of the definition that the scalar has in published schemas. */
  'x-definition'?: string
  /** Fields of which one must be there. */
  'x-needs-one'?: readonly string[]
  source?: string
  [keyword: string]: unknown
}

/** What zod says of the wire. */
export const toRawSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => void Object.assign(jsonSchema, annotationsOf(zodSchema)),
  }) as JsonSchema

function annotationsOf(schema: z.core.$ZodType): JsonSchema {
  const { payload, isId, definition, examples, source, needsOne, whole } = notes.get(schema) ?? {}
  return {
    ...(whole && { type: 'integer' }),
    ...(payload && { 'x-payload': payload }),
    ...(isId && { 'x-id': isId }),
    ...(definition && { 'x-definition': definition }),
    ...(needsOne && { 'x-needs-one': needsOne }),
    ...(examples && { examples }),
    ...(source && { source }),
  }
}

/** The tolerant schemas of a sender by wire key, with the `x-` annotations still in them. */
export function annotatedSchemas({ provider, levels }: PublishedSender): ReadonlyMap<string, JsonSchema> {
  const { events } = levels(rules)
  return new Map(Object.entries(events).map(([key, schema]) => [key, toAnnotatedSchema(provider, key, schema)]))
}

/** The schema with the `x-` annotations still in it. */
export function toAnnotatedSchema(provider: string, key: string, schema: z.ZodType): JsonSchema {
  const { $schema, title, description, source, ...rest } = toRawSchema(schema)
  if (title === undefined || description === undefined || source === undefined || $schema === undefined)
    throw new Error(`${provider} ${key}: title, description or source is missing`)
  const $id = `${SCHEMA_BASE}/${provider}/${key}.json`
  return { $schema, $id, title, description, $comment: `Source: ${source}`, ...simplify(rest, `${provider} ${key}`) }
}

/**
 * Keywords only, and without the word of the type: what a validator needs. The reader has looked the word up before it
 * validates, and without it all types with equal fields share one validator.
 */
export function toBareSchema(schema: JsonSchema): JsonSchema {
  const bare = mapSchema(schema, (one) => withoutWord(withoutAnnotations(one)))
  const { $schema, $id, ...rest } = bare
  return rest
}

function withoutAnnotations(schema: JsonSchema): JsonSchema {
  const { title, description, examples, $comment, ...rest } = schema
  return Object.fromEntries(Object.entries(rest).filter(([keyword]) => !keyword.startsWith('x-')))
}

function withoutWord({ required, properties, ...rest }: JsonSchema): JsonSchema {
  if (properties === undefined) return rest
  const others = Object.entries(properties).filter(([, { const: word, enum: words }]) => (word ?? words) === undefined)
  return { ...rest, properties: Object.fromEntries(others) }
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
