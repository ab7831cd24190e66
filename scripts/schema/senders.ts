/** What the published schemas need to know of each sender: its words, its classes, the frame of its bodies, its samples. */

import type { Catalogue } from '../../src/providers/kit/catalogue.ts'
import type { Samples } from '../../src/providers/kit/samples.ts'
import type { Sender } from '../../src/providers/kit/sender.ts'
import type { FlatWire } from '../../src/providers/kit/wire-schema.ts'
import { SENDERS } from '../../src/providers/list.ts'
import { catalogue as momentum } from '../../src/providers/momentum/catalogue.ts'
import { reads, WORD } from '../../src/providers/momentum/events.ts'
import { SETS } from '../../src/providers/momentum/events-sets.ts'
import { type BodyRules, flatLevels, type Levels, momentumLevels } from '../../src/zod/levels.ts'
import type { JsonSchema } from './json-schema.ts'
import { ref } from './published.ts'

export interface PublishedSender {
  readonly provider: string
  /** Its events stand in a body as they are, without classes around them. */
  readonly isFlat: boolean
  readonly title: string
  readonly catalogue: Catalogue
  /** What comes by an API of its own, with the wire key of each. */
  readonly alone: Readonly<Record<string, { readonly schema: string }>>
  /** The fields that its reader reads through slots; null where it reads the object. */
  readonly reads: readonly string[] | null
  readonly samples: Samples
  /** Whether identifiers are text on the wire, and not numbers. */
  readonly writesIdsAsText: boolean
  /** The schemas of a strength. */
  levels(rules: BodyRules): Levels
  /** Sets of fields by name, those that hold others after them; null where the events share one: what all have. */
  readonly sets: Readonly<Record<string, readonly string[]>> | null
  /** The field whose word tells what an event is. */
  readonly word: string
  /** The class of an event by its wire key; a sender without classes has one. */
  classOf(key: string): string
  /** The type of an element of a body. */
  readonly elementType: string
  /** The name of the schemas of a body, in code. */
  readonly bodyName: string
  /** The schema of a body; `inBody` gives what may stand there for a class. */
  body(inBody: (className: string) => JsonSchema, isStrict: boolean): JsonSchema
  /** An element of a body with this event. */
  element(key: string, event: unknown): unknown
}

const list = (element: JsonSchema): JsonSchema => ({ type: 'array', items: element })
const oneOrList = (element: JsonSchema): JsonSchema => ({ anyOf: [list(element), element] })

/** The senders whose bodies are not flat. */
const OWN: Readonly<Record<string, (sender: Sender) => PublishedSender>> = {
  momentum: (sender) => ({
    ...namesOf(sender),
    isFlat: false,
    alone: {},
    reads,
    writesIdsAsText: true,
    levels: momentumLevels,
    sets: SETS,
    word: WORD,
    classOf: classOfMomentum,
    elementType: 'MomentumElement',
    bodyName: 'momentumBatch',
    body: momentumBody,
    element: (key, event) => ({ msys: { [classOfMomentum(key)]: event } }),
  }),
}

async function published(sender: Sender): Promise<PublishedSender> {
  return OWN[sender.name]?.(sender) ?? flat(sender, await import(`../../src/providers/${sender.name}/events.ts`))
}

function flat(sender: Sender, wire: FlatWire): PublishedSender {
  const { className, schemaName, isList } = wire.BODY
  const names = namesOf(sender)
  const ofBodies = Object.keys(names.samples).filter((name) => !(name in sender.catalogue))
  const alone = ofBodies.filter((name) => !name.endsWith('.unknown'))
  return {
    ...names,
    isFlat: true,
    alone: Object.fromEntries(alone.map((name) => [name, { schema: name.slice(name.indexOf('.') + 1) }])),
    reads: null,
    writesIdsAsText: false,
    levels: (rules) => flatLevels(wire, rules),
    sets: null,
    word: wire.WORD,
    classOf: () => className,
    elementType: `${titled(sender.name)}${titled(className)}`,
    bodyName: schemaName,
    body: (inBody, isStrict) => (isStrict && isList ? list : oneOrList)(inBody(className)),
    element: (_key, event) => event,
  }
}

const titled = (word: string) => `${word[0]?.toUpperCase()}${word.slice(1)}`

function namesOf({ name, title, catalogue, samples }: Sender) {
  return {
    provider: name,
    title,
    catalogue,
    samples: Object.assign({}, ...samples.map((set) => set.samples)) as Samples,
  }
}

export const PUBLISHED_SENDERS: readonly PublishedSender[] = await Promise.all(SENDERS.map(published))

function classOfMomentum(key: string): string {
  return key.split('.', 1)[0] ?? ''
}

/** The test POST (SparkPost developer documentation, webhooks, validate). */
const PING = { msys: {} }

function momentumBody(inBody: (className: string) => JsonSchema, isStrict: boolean): JsonSchema {
  const classes = new Set(Object.values(momentum).map(({ schema }) => classOfMomentum(schema)))
  const properties = Object.fromEntries([...classes].map((name) => [name, inBody(name)]))
  const closed = { additionalProperties: false }
  const one = { ...closed, minProperties: 1, maxProperties: 1 }
  const msys: JsonSchema = { type: 'object', properties, ...(isStrict ? one : {}) }
  const element: JsonSchema = { type: 'object', properties: { msys }, required: ['msys'], ...(isStrict ? closed : {}) }
  const { anyOf = [] } = oneOrList(ref('element'))
  return { anyOf: isStrict ? [...anyOf, { const: [PING] }, { const: PING }] : anyOf, $defs: { element } }
}
