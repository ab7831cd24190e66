/** The published JSON Schemas of the senders: an event, a class of events, a body; tolerant and strict. */
import type { z } from 'zod'
import { toWire } from '../../src/providers/kit/samples.ts'
import { rules as strict } from '../../src/zod/strict/rules.ts'
import { rules as tolerant } from '../../src/zod/tolerant/rules.ts'
import { type JsonSchema, toRawSchema } from './json-schema.ts'
import { type Definitions, documents, ref, refer, shareFields } from './published.ts'
import type { PublishedSender } from './senders.ts'

interface Event {
  readonly key: string
  readonly schema: JsonSchema
  readonly definitions: Definitions
  /** A right one, as the sender writes it. */
  readonly example: unknown
}

interface Strength {
  readonly sender: PublishedSender
  readonly events: readonly Event[]
  /** Those that are bodies of their own. */
  readonly alone: readonly Event[]
  readonly isStrict: boolean
}

type Files = Array<[path: string, text: string]>

/** Every file of `schemas/` about a sender; `ids` are the names of its identifiers. */
export function publishedSchemas(sender: PublishedSender, ids: readonly string[]): Files {
  const examples = examplesOf(sender, ids)
  return [tolerant, strict].flatMap((rules) => {
    const { events, alone } = sender.levels(rules)
    const published = (one: Readonly<Record<string, z.ZodType>>) =>
      Object.entries(one).map(([key, schema]) => eventOf(key, schema, examples.get(key)))
    return filesOf({ sender, events: published(events), alone: published(alone), isStrict: rules === strict })
  })
}

function eventOf(key: string, schema: z.ZodType, example: unknown): Event {
  const definitions: Definitions = {}
  const { source, ...raw } = toRawSchema(schema)
  return { key, schema: { $comment: `Source: ${source}`, ...refer(raw, definitions) }, definitions, example }
}

/** By wire key. */
function examplesOf(
  { catalogue, alone, samples, writesIdsAsText }: PublishedSender,
  ids: readonly string[],
): Map<string, unknown> {
  const numbers = writesIdsAsText ? [] : ids
  return new Map(
    Object.entries({ ...catalogue, ...alone }).map(([name, { schema }]) => {
      const [sample = {}] = Object.values(samples[name] ?? {})
      return [schema, JSON.parse(toWire(sample, numbers))]
    }),
  )
}

function filesOf(strength: Strength): Files {
  const { sender, events, alone, isStrict } = strength
  const folder = `${sender.provider}${isStrict ? '/strict' : ''}`
  const byClass = Map.groupBy(events, ({ key }) => sender.classOf(key))
  return [
    ...[...events, ...alone].flatMap((event) => documents(`${folder}/${event.key}.json`, eventSchema(event))),
    ...[...byClass].flatMap(([name, members]) =>
      // A class without types is its only event.
      name === members[0]?.key ? [] : documents(`${folder}/${name}.json`, classSchema(strength, name, members)),
    ),
    ...documents(`${folder}/body.json`, bodySchema(strength, byClass)),
  ]
}

function eventSchema({ schema, definitions, example }: Event): JsonSchema {
  return { ...schema, examples: [example], $defs: definitions }
}

function classSchema(strength: Strength, name: string, members: readonly Event[]): JsonSchema {
  return {
    ...about(strength, `${strength.sender.title}: one ${name}`),
    examples: [members[0]?.example],
    anyOf: members.map(({ key }) => ref(key)),
    $defs: definitionsOf(members),
  }
}

function bodySchema(strength: Strength, byClass: ReadonlyMap<string, readonly Event[]>): JsonSchema {
  const { sender, events, isStrict } = strength
  const inBody = (name: string): JsonSchema => {
    const members = byClass.get(name) ?? []
    const known = members.map(({ key }) => ref(key))
    if (name === members[0]?.key) return known[0] ?? {}
    return { anyOf: isStrict ? known : [...known, otherThan(members, sender.word)] }
  }
  const { $defs, ...body } = sender.body(inBody, isStrict)
  return {
    ...about(strength, `${sender.title}: the body of a post`),
    examples: [events.slice(0, 1).map(({ key, example }) => sender.element(key, example))],
    ...body,
    $defs: { ...$defs, ...definitionsOf(events) },
  }
}

function about({ isStrict }: Strength, title: string): JsonSchema {
  const tail = isStrict ? 'As documented and as seen, and nothing else.' : 'As the receiver lets it through.'
  return { title, description: tail }
}

/** An event whose word is none of theirs: senders add events before anybody documents them. */
function otherThan(events: readonly Event[], word: string): JsonSchema {
  const fields = events.map(({ schema }) => schema.properties?.[word] ?? {})
  const words = fields.flatMap((field) => field.enum ?? [field.const])
  return { type: 'object', properties: { [word]: { type: 'string', not: { enum: words } } }, required: [word] }
}

function definitionsOf(events: readonly Event[]): Definitions {
  const used = Object.fromEntries(events.map(({ key, schema }) => [key, schema]))
  return Object.assign(shareFields(used), ...events.map(({ definitions }) => definitions))
}
