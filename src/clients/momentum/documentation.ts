/** The sender's own documentation of its events: `GET /v1/webhooks/events/documentation`. */
import { isObject } from '../../lib/guards.ts'

export interface DocumentedField {
  readonly name: string
  readonly description: string
  /** As the sender prints it: a text, a number, a list, an object. */
  readonly sample: unknown
}

export interface DocumentedEvent {
  /** `track_event`. */
  readonly class: string
  /** `click`. */
  readonly type: string
  readonly title: string
  readonly description: string
  readonly fields: readonly DocumentedField[]
}

type Wire = Readonly<Record<string, unknown>>

/** One for each type of each class, in the order of the sender. */
export function documentedEvents(results: Wire): readonly DocumentedEvent[] {
  return objectsIn(results).flatMap(([nativeClass, { events }]) =>
    objectsIn(events).map(([type, wire]) => eventOf(nativeClass, type, wire)),
  )
}

function eventOf(nativeClass: string, type: string, { display_name, description, event }: Wire): DocumentedEvent {
  const fields = objectsIn(event).map(([name, field]) => ({
    name,
    description: textOf(field.description),
    sample: field.sampleValue,
  }))
  return { class: nativeClass, type, title: textOf(display_name), description: textOf(description), fields }
}

const objectsIn = (value: unknown): (readonly [string, Wire])[] =>
  Object.entries(isObject(value) ? value : {}).flatMap(([name, one]) => (isObject(one) ? [[name, one] as const] : []))

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
