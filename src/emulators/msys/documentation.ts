/**
 * The endpoints that tell what events there are and how they look.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib).
 */
import type { ApiAnswer, ApiRequest } from '../kit/server.ts'
import { FIELDS, TYPES } from './descriptions.generated.ts'
import { type Edition, elementOf } from './edition.ts'
import { Refusal } from './settings.ts'

const CLASSES: Readonly<Record<string, { readonly display_name: string; readonly description: string }>> = {
  message_event: { display_name: 'Message Events', description: 'What becomes of a message on its way.' },
  track_event: { display_name: 'Engagement Events', description: 'What recipients do with a message.' },
  gen_event: { display_name: 'Generation Events', description: 'Messages that could not be made.' },
  unsubscribe_event: { display_name: 'Unsubscribe Events', description: 'Recipients who want no more mail.' },
  relay_event: { display_name: 'Relay Events', description: 'Inbound mail and its relay webhooks.' },
  ab_test_event: { display_name: 'A/B Test Events', description: 'The ends of A/B tests.' },
  ingest_event: { display_name: 'Ingest Events', description: 'Batches of events that were handed in.' },
  adaptive_event: { display_name: 'Adaptive Delivery Events', description: 'Changes that adaptive delivery makes.' },
}

/** Every event type of the edition by class, each field with a description and a sample value. */
export function documentation(edition: Edition): ApiAnswer {
  const results: Record<string, object> = {}
  for (const group of new Set(edition.classes.values()))
    results[group] = { ...CLASSES[group], events: typesOf(edition, group) }
  return { status: 200, body: { results } }
}

function typesOf(edition: Edition, group: string): Record<string, object> {
  const types = [...edition.classes].filter(([, of]) => of === group).map(([type]) => type)
  return Object.fromEntries(types.map((type) => [type, typeOf(edition, group, type)]))
}

function typeOf(edition: Edition, group: string, type: string): object {
  const { title, description } = TYPES[`${group}.${type}`] ?? { title: type, description: '' }
  const fields = Object.entries(edition.sampleOf(type)).map(
    ([name, sampleValue]) => [name, { description: FIELDS[name] ?? '', sampleValue }] as const,
  )
  return { display_name: title, description, event: Object.fromEntries(fields) }
}

/** A sample of each type, or of those in `?events=click,open`, in the envelope of a batch. */
export function samples(edition: Edition, { query }: ApiRequest): ApiAnswer {
  const asked = query.get('events')?.split(',').filter(Boolean) ?? [...edition.classes.keys()]
  const unknown = asked.find((type) => !edition.classes.has(type))
  // What it answers here is not documented.
  if (unknown !== undefined) throw new Refusal(400, { message: `'${unknown}' is not an event type`, code: 400 })
  const elements = asked.map((type) => elementOf(edition.classes, { type, fields: edition.sampleOf(type) }))
  return { status: 200, body: `{"results":[${elements.join(',')}]}` }
}
