/**
 * Building blocks for the schemas of `providers/<name>/events.ts`: what senders put where they document text, a number
 * or a flag. Not shipped and not loaded at run time: `npm run generate` turns the schemas into JSON Schema, validators
 * and payload interfaces.
 *
 * A scalar is lenient: text, number, boolean, null or the empty array. Senders of this family write numbers as text and
 * flags as `"1"`, and Momentum before 4.2.40 wrote `[]` or `0` for an empty field (Momentum changelog MO-7454, Oct 2018).
 * The payload type names what the sender documents, with the variants it was seen to send.
 */
import { z } from 'zod'

export { z } from 'zod'

/** Annotations that the generator reads; the two `x-` ones are not published. */
export interface FieldMeta {
  /** A value as the sender documents it. */
  readonly example?: unknown
  /** TypeScript type of the field in the payload interface, where it is not the kind's own. */
  readonly payload?: string
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.unknown()).max(0)])

const field =
  (payload: string, mark: { readonly 'x-id'?: true } = {}) =>
  (description: string, meta: FieldMeta = {}) =>
    scalar
      .meta({
        description,
        'x-payload': meta.payload ?? payload,
        ...mark,
        ...(meta.example === undefined ? {} : { examples: [meta.example] }),
      })
      .optional()

/** Documented as text. */
export const text = field('string')
/** An identifier: a string in the payload, even where the wire has a number. Only fields of the event itself. */
export const id = field('string', { 'x-id': true })
/** A whole number: written as text by most senders, and as text by the reader when it is beyond 2^53. */
export const integer = field('number | string')
/** A number with a fraction. */
export const decimal = field('number | string')
/** A flag: true, "1" or 1. */
export const flag = field('boolean | string | number')

/** Anything at all: a field whose shape nobody has published. */
export const anything = (description: string) => z.unknown().meta({ description, 'x-payload': 'unknown' }).optional()

/** What stands for an empty list or object. */
const empty = [z.array(z.unknown()).max(0), z.null(), z.number().min(0).max(0)] as const

const annotations = (description: string, meta: FieldMeta) => ({
  description,
  ...(meta.payload === undefined ? {} : { 'x-payload': meta.payload }),
  ...(meta.example === undefined ? {} : { examples: [meta.example] }),
})

/** An object whose keys the application or the sender chose. */
export const record = (description: string, meta: FieldMeta = {}) =>
  z
    .union([z.record(z.string(), z.unknown()), ...empty])
    .meta(annotations(description, meta))
    .optional()

/** An object with known fields, and room for others. */
export const object = (description: string, shape: z.ZodRawShape, meta: FieldMeta = {}) =>
  z
    .union([z.looseObject(shape), ...empty])
    .meta(annotations(description, meta))
    .optional()

/** A list; of text unless `item` says otherwise. */
export const list = (description: string, meta: FieldMeta = {}, item: z.ZodType = textItem) =>
  z
    .union([z.array(item), ...empty.slice(1)])
    .meta(annotations(description, meta))
    .optional()

const textItem = scalar.meta({ 'x-payload': 'string' })

/** One item of a list of objects; the fields may all be absent. */
export const item = (shape: z.ZodRawShape) => z.looseObject(shape)

/** An item of a list whose keys the sender chose. */
export const recordItem = z.record(z.string(), z.unknown())

/** What the generator needs to know of one native wire type. */
export interface WireMeta {
  /** Title of the JSON Schema, in words. */
  readonly title: string
  /** What has happened when this event comes. */
  readonly description: string
  /** Page or fixture the field set is from, and its date. */
  readonly source: string
}

/** The schema of one native wire type: every field optional, unknown fields let through. */
export const wire = (meta: WireMeta, shape: z.ZodRawShape): z.ZodType => z.looseObject(shape).meta({ ...meta })
