/** What the published schemas need to know of each sender: its words, its classes, the frame of its bodies, its samples. */

import { catalogue as esputnik } from '../../src/providers/esputnik/catalogue.ts'
import { WORD as ESPUTNIK_WORD } from '../../src/providers/esputnik/events.ts'
import type { Catalogue } from '../../src/providers/kit/catalogue.ts'
import { catalogue as mailjet } from '../../src/providers/mailjet/catalogue.ts'
import { WORD as MAILJET_WORD } from '../../src/providers/mailjet/events.ts'
import { catalogue as momentum } from '../../src/providers/momentum/catalogue.ts'
import { WORD as MOMENTUM_WORD, reads } from '../../src/providers/momentum/events.ts'
import { SETS } from '../../src/providers/momentum/events-sets.ts'
import { esputnikSamples } from '../../src/testing/samples/esputnik.ts'
import { mailjetSamples } from '../../src/testing/samples/mailjet.ts'
import { mailjetParseSamples } from '../../src/testing/samples/mailjet-parse.ts'
import { momentumSamples } from '../../src/testing/samples/momentum.ts'
import type { Samples } from '../../src/testing/samples/wire.ts'
import type { JsonSchema } from './json-schema.ts'
import { ref } from './published.ts'

export interface PublishedSender {
  readonly provider: 'momentum' | 'mailjet' | 'esputnik'
  readonly title: string
  readonly catalogue: Catalogue
  /** What comes by an API of its own, with the wire key of each. */
  readonly alone: Readonly<Record<string, { readonly schema: string }>>
  /** The fields that its reader reads through slots; null where it reads the object. */
  readonly reads: readonly string[] | null
  readonly samples: Samples
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

export const PUBLISHED_SENDERS: readonly PublishedSender[] = [
  {
    provider: 'momentum',
    title: 'Momentum and SparkPost',
    catalogue: momentum,
    alone: {},
    reads,
    samples: momentumSamples,
    sets: SETS,
    word: MOMENTUM_WORD,
    classOf: classOfMomentum,
    elementType: 'MomentumElement',
    bodyName: 'momentumBatch',
    body: momentumBody,
    element: (key, event) => ({ msys: { [classOfMomentum(key)]: event } }),
  },
  {
    provider: 'mailjet',
    title: 'Mailjet',
    catalogue: mailjet,
    alone: { 'mailjet.parse': { schema: 'parse' } },
    reads: null,
    samples: { ...mailjetSamples, ...mailjetParseSamples },
    sets: null,
    word: MAILJET_WORD,
    classOf: () => 'payload',
    elementType: 'MailjetPayload',
    bodyName: 'mailjetBody',
    body: (inBody) => oneOrList(inBody('payload')),
    element: (_key, event) => event,
  },
  {
    provider: 'esputnik',
    title: 'eSputnik (Yespo)',
    catalogue: esputnik,
    alone: {},
    reads: null,
    samples: esputnikSamples,
    sets: null,
    word: ESPUTNIK_WORD,
    classOf: () => 'activity',
    elementType: 'EsputnikActivity',
    bodyName: 'esputnikActivities',
    body: (inBody, isStrict) => (isStrict ? list : oneOrList)(inBody('activity')),
    element: (_key, event) => event,
  },
]

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
