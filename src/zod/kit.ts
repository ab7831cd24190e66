/** What the tolerant and the strict schemas have in common: descriptions, words, and what may be absent. */
import { z } from 'zod'
import type { FieldMeta, Fields, Kind, Kinds, WireKit } from '../providers/kit/wire-schema.ts'
import { type Notes, notes } from './notes.ts'

const PAYLOADS: Kinds = {
  text: 'string',
  textOrNull: 'string | null',
  textOrNumber: 'string | number',
  scalar: 'string | number | boolean',
  id: 'string',
  integer: 'number | string',
  decimal: 'number | string',
  flag: 'boolean | string | number',
  boolean: 'boolean',
  booleanOrEmpty: "boolean | ''",
}

/** In what the strengths differ. */
export interface Strength {
  /** What a scalar of a kind may be on the wire, and the name of its definition in JSON Schemas. */
  readonly scalars: Readonly<Record<Kind, { readonly schema: z.ZodType; readonly definition: string }>>
  /** The schema itself, or with what stands for an empty object or list. */
  orEmpty(schema: z.ZodObject | z.ZodRecord | z.ZodArray): z.ZodType
  /** What else may stand in the place of an object that is documented as a list too. */
  orList(schema: z.ZodObject): z.ZodType
  object(fields: Fields): z.ZodObject
  /** With any number of texts besides. */
  numbered(fields: Fields): z.ZodObject
}

// Integers beyond 2^53 have lost digits in JSON.parse; which ones cannot be told here.
const idText = (value: unknown) => (typeof value === 'number' ? String(value) : value)

const examplesOf = ({ example }: FieldMeta) => (example === undefined ? {} : { examples: [example] })

export function kitOf({ scalars, orEmpty, orList, object, numbered }: Strength): WireKit {
  const field = (kind: Kind) => {
    const { schema, definition } = scalars[kind]
    const own = { payload: PAYLOADS[kind], definition }
    return (description: string, meta: FieldMeta = {}) => {
      const value = kind === 'id' ? schema.transform(idText) : schema
      const note: Notes = { ...own, ...examplesOf(meta), ...(kind === 'id' ? { isId: true } : {}) }
      return value
        .meta({ description, ...examplesOf(meta) })
        .register(notes, note)
        .optional()
    }
  }
  const kinds = Object.fromEntries(Object.keys(PAYLOADS).map((kind) => [kind, field(kind as Kind)]))
  const record = z.record(z.string(), z.unknown())
  const { schema: text, definition } = scalars.text
  const textItem = text.meta({}).register(notes, { payload: 'string', definition })
  return {
    ...(kinds as Record<Kind, ReturnType<typeof field>>),
    anything: (description) => z.unknown().meta({ description }).register(notes, { payload: 'unknown' }).optional(),
    record: (description) => orEmpty(record).meta({ description }).optional(),
    object: (description, fields) => orEmpty(object(fields)).meta({ description }).optional(),
    objectOrList: (description, fields) => orList(object(fields)).meta({ description }).optional(),
    list: (description, meta = {}, item = textItem) =>
      orEmpty(z.array(item))
        .meta({ description, ...examplesOf(meta) })
        .optional(),
    item: object,
    recordItem: record,
    word: (description, words) =>
      z
        .literal(words)
        .meta({ description })
        .register(notes, { payload: words.map(quoted).join(' | ') }),
    wire: ({ source, needsOne, numbered: isNumbered, ...meta }, fields) =>
      withOne(isNumbered ? numbered(fields) : object(fields), needsOne)
        .meta(meta)
        .register(notes, { source, ...(needsOne && { needsOne }) }),
  }
}

const quoted = (word: string) => `'${word}'`

/** Without a word of its own, an event is told by the fields that only it has. */
function withOne(schema: z.ZodObject, names: readonly string[] | undefined): z.ZodObject {
  if (names === undefined) return schema
  const error = `expected ${names.join(' or ')}`
  return schema.refine((value) => names.some((name) => value[name] !== undefined), { error })
}
