/**
 * What `providers/<name>/events.ts` describe the wire with. Types only: the schemas are made by a `WireKit`, of which
 * there are two (`src/zod/tolerant/kit.ts` and `src/zod/strict/kit.ts`), so that each field is described once.
 */
import type { z } from 'zod'

/** The kinds of scalars, with the TypeScript type of each in a payload: what the sender documents and was seen to send. */
export interface Kinds {
  /** Documented as text. */
  text: 'string'
  textOrNull: 'string | null'
  textOrNumber: 'string | number'
  /** Documented as any of text, number and flag. */
  scalar: 'string | number | boolean'
  /** An identifier: a string in the payload, even where the wire has a number. Only fields of the event itself. */
  id: 'string'
  /** A whole number: written as text by most senders, and as text by the reader when it is beyond 2^53. */
  integer: 'number | string'
  /** A number with a fraction. */
  decimal: 'number | string'
  /** A flag: true, "1" or 1. */
  flag: 'boolean | string | number'
  boolean: 'boolean'
  booleanOrEmpty: "boolean | ''"
}

export type Kind = keyof Kinds

export interface FieldMeta {
  /** A value as the sender documents it. */
  readonly example?: unknown
}

export type Fields = Readonly<Record<string, z.ZodType>>

/** What the generator needs to know of one native wire type. */
export interface WireMeta {
  /** Title of the JSON Schema, in words. */
  readonly title: string
  /** What has happened when this event comes. */
  readonly description: string
  /** Page or fixture the field set is from, and its date. */
  readonly source: string
  /** Fields of which one must be there, on the one type that no word tells. */
  readonly needsOne?: readonly string[]
  /** Besides those listed it has fields of text under numbered names. */
  readonly numbered?: true
}

type Field = (description: string, meta?: FieldMeta) => z.ZodType

/** Makes schemas of one strength. Every field but a word may be absent. */
export interface WireKit extends Readonly<Record<Kind, Field>> {
  /** Anything at all: a field whose shape nobody has published. */
  anything(description: string): z.ZodType
  /** An object whose keys the application or the sender chose. */
  record(description: string): z.ZodType
  /** An object with known fields. */
  object(description: string, fields: Fields): z.ZodType
  /** An object with known fields, where one of the sender's documents says list. */
  objectOrList(description: string, fields: Fields): z.ZodType
  /** A list; of text unless `item` says otherwise. */
  list(description: string, meta?: FieldMeta, item?: z.ZodType): z.ZodType
  /** One item of a list of objects; the fields may all be absent. */
  item(fields: Fields): z.ZodType
  /** An item of a list whose keys the sender chose. */
  recordItem: z.ZodType
  /** The field that tells what the event is: one of these words, always there. */
  word(description: string, words: readonly string[]): z.ZodType
  /** The schema of one native wire type. */
  wire(meta: WireMeta, fields: Fields): z.ZodObject
}

/** The body of a sender whose events stand in it as they are, without classes around them. */
export interface FlatBody {
  /** What schemas call one event: `payload`. */
  readonly className: string
  /** What code calls the schema of a body: `mailjetBody`. */
  readonly schemaName: string
  /** Whether the documents know lists only, and no event alone. */
  readonly isList: boolean
}

/** `events.ts` of such a sender. */
export interface FlatWire {
  /** The field whose word tells what an event is. */
  readonly WORD: string
  readonly BODY: FlatBody
  /** The schemas, by that word. */
  schemasOf(kit: WireKit): Readonly<Record<string, z.ZodObject>>
  /** What comes in bodies of its own, by name. Absent: nothing. */
  readonly aloneOf?: ((kit: WireKit) => Readonly<Record<string, z.ZodObject>>) | undefined
}
