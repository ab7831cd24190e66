/**
 * The schemas of each sender at three levels, of one strength: an event, a class of events, a whole body. Nothing here
 * is typed by the payloads; the generated modules beside this one are.
 */
import { z } from 'zod'
import type { FlatWire, WireKit } from '../providers/kit/wire-schema.ts'
import * as momentum from '../providers/momentum/events.ts'

type Events = Readonly<Record<string, z.ZodObject>>

export interface Levels {
  /** By wire key: `track_event.click`, `open`, `CLICKED`. */
  readonly events: Events
  /** What comes by an API of its own, in bodies of its own, by wire key. */
  readonly alone: Events
  /** By name: `track_event`, `payload`, `activity`. */
  readonly classes: Readonly<Record<string, z.ZodType>>
  readonly body: z.ZodType
}

/** In what a class and a body of the strengths differ. */
export interface BodyRules {
  readonly kit: WireKit
  /** What may stand in a body where an event of these is expected: they alone, or those that nobody knows too. */
  inBody(word: string, known: z.ZodType, words: ReadonlySet<unknown>): z.ZodType
  object(fields: z.ZodRawShape): z.ZodObject
  /** How many classes an element of Momentum may have. */
  checkBatch(batch: z.ZodType): z.ZodType
  /** A body that is documented as a list only. */
  listOnly(element: z.ZodType): z.ZodType
}

type Options = [z.ZodObject, ...z.ZodObject[]]

// zod wants a tuple, with the word in its type; the tests hold that every schema has it.
const unionOf = (word: string, events: Events) =>
  z.discriminatedUnion(word, Object.values(events) as unknown as Options)

/** The words that tell these events. */
function wordsOf(word: string, events: Events): ReadonlySet<unknown> {
  const literals = Object.values(events).map(({ shape }) => shape[word] as z.ZodLiteral)
  return new Set(literals.flatMap(({ values }) => [...values]))
}

export function momentumLevels({ kit, inBody, object, checkBatch }: BodyRules): Levels {
  const { relay_message: relayMessage, ...typed } = momentum.schemasOf(kit)
  const byClass = Map.groupBy(Object.entries(typed), ([key]) => key.slice(0, key.indexOf('.')))
  const classes: Record<string, z.ZodType> = {}
  const inMsys: Record<string, z.ZodType> = { relay_message: relayMessage.optional() }
  for (const [name, members] of byClass) {
    const events = Object.fromEntries(members)
    const known = unionOf(momentum.WORD, events)
    classes[name] = known
    inMsys[name] = inBody(momentum.WORD, known, wordsOf(momentum.WORD, events)).optional()
  }
  const batch = oneOrList(object({ msys: object(inMsys) }))
  return { events: { ...typed, relay_message: relayMessage }, alone: {}, classes, body: checkBatch(batch) }
}

/** Of a sender whose bodies hold its events as they are. */
export function flatLevels({ WORD, BODY, schemasOf, aloneOf }: FlatWire, rules: BodyRules): Levels {
  const { kit, inBody, listOnly } = rules
  const events = schemasOf(kit)
  const known = unionOf(WORD, events)
  const element = inBody(WORD, known, wordsOf(WORD, events))
  const body = BODY.isList ? listOnly(element) : oneOrList(element)
  return { events, alone: aloneOf?.(kit) ?? {}, classes: { [BODY.className]: known }, body }
}

/** Always a list on the way out. */
export function oneOrList(element: z.ZodType): z.ZodType {
  return z.preprocess((body) => (Array.isArray(body) ? body : [body]), z.array(element))
}
