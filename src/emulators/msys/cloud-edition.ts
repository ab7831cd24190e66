/**
 * SparkPost's cloud, and Elite, which came before it: what their events hold. Sources: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib); its answer to `events/documentation` in
 * November 2016 (github.com/SparkPost/gosparkpost, test/event-docs.json); SparkPost Elite user guide, chapter 15, 2015.
 */
import type { Step } from '../kit/life-cycle.ts'
import { classesOf, type Edition, type NativeEvent } from './edition.ts'
import type { CopyIds, Ids } from './ids.ts'
import { typeOf } from './momentum-edition.ts'
import { documentedFields, sampleFields } from './samples.ts'
import { pick, timeOf, valuesOf } from './values.ts'

type Fields = Readonly<Record<string, unknown>>

/** Adaptive delivery is Momentum's. */
const cloudClasses = classesOf((type) => !type.startsWith('ad_'))

/** Documented by November 2016. */
const eliteClasses = classesOf((type) => !/^(ad_|ab_test_|amp_|initial_open$|success$|error$)/.test(type))

/** The id of every test post, fixed in the vendor's API (github.com/SparkPost/2web2ui, the test tab of webhooks). */
const TEST_BATCH_ID = '77c2b630-d712-11e4-9642-efc2723b99c1'

const shared = {
  testBatchId: TEST_BATCH_ID,
  userAgent: 'SparkPost',
  isCloudApi: true,
} as const

export const cloudEdition: Edition = {
  ...shared,
  name: 'cloud',
  classes: cloudClasses,
  absoluteLinks: false,
  openDocumentation: true,
  eventsOf: (step, ids) => typesOf(step).map((type) => cloudEvent(type, step, ids)),
  sampleOf: (type) => sampleFields(cloudClasses, type, null),
}

export const eliteEdition: Edition = {
  ...shared,
  name: 'elite',
  classes: eliteClasses,
  absoluteLinks: true,
  openDocumentation: false,
  eventsOf: (step, ids) => [eliteEvent(typeOf(step), step, ids)],
  sampleOf: (type) => toElite(type, sampleFields(eliteClasses, type, null), ELITE_SAMPLE_UUID),
}

/** A message above this is cut by mail programs: the pixel at its bottom is never loaded. */
const CLIPPED_BYTES = 102_400

/**
 * A suppressed recipient bounces with class 25. A display loads the pixel at the top, and the
 * one at the bottom unless the message is cut.
 */
function typesOf(step: Step): readonly string[] {
  if (step.kind === 'rejected') return ['bounce']
  if (step.kind !== 'opened') return [typeOf(step)]
  return step.message.bytes > CLIPPED_BYTES ? ['initial_open'] : ['initial_open', 'open']
}

/** Not on every event: copies to others, A/B tests, sending at a time. */
const SOMETIMES = new Set([
  'rcpt_type',
  'ab_test_id',
  'ab_test_version',
  'scheduled_time',
  'rcpt_hash',
  'target_link_name',
])

function cloudEvent(type: string, step: Step, ids: Ids): NativeEvent {
  const fields = liveFields(type, step, ids.copyOf(step.message))
  return { type, fields: { ...fields, event_id: ids.event() } }
}

/** The documented fields, with the values of this step; what only some messages have is left out. */
function liveFields(type: string, step: Step, copy: CopyIds): Fields {
  const documented = documentedFields(type)
  const names = Object.keys(documented)
  const rest = names.filter((name) => !SOMETIMES.has(name))
  return { ...pick({ ...documented }, rest), ...pick(valuesOf(step, copy), names), type }
}

/** Not documented by November 2016 for any type; `event_id` not by 2015. */
const LATER = new Set([
  'ab_test_id',
  'ab_test_version',
  'amp_enabled',
  'click_tracking',
  'event_id',
  'initial_pixel',
  'injection_time',
  'mailbox_provider',
  'mailbox_provider_region',
  'open_tracking',
  'outbound_tls',
  'rcpt_hash',
  'recipient_domain',
  'recv_method',
  'scheduled_time',
  'transactional',
  'user_agent_parsed',
])

/** The fields that the guide of Elite prints for a click; opens are like it, without the link. */
const ELITE_TRACK = [
  'type',
  'campaign_id',
  'customer_id',
  'delv_method',
  'geo_ip',
  'ip_address',
  'message_id',
  'rcpt_meta',
  'rcpt_tags',
  'rcpt_to',
  'target_link_name',
  'target_link_url',
  'template_id',
  'template_version',
  'timestamp',
  'transmission_id',
  'user_agent',
] as const

const ELITE_SAMPLE_UUID = '0e0d94b7-9085-4e3c-ab30-e3f2cd9c273e'

function eliteEvent(type: string, step: Step, ids: Ids): NativeEvent {
  const copy = ids.copyOf(step.message)
  const fields = { ...liveFields(type, step, copy), timestamp: String(Math.floor(timeOf(step) / 1_000)) }
  return { type, fields: toElite(type, fields, copy.messageUuid) }
}

/** Numeric time, UUID as message id, coordinates as text: as the guide of Elite prints them. */
function toElite(type: string, fields: Fields, messageId: string): Fields {
  const names = eliteClasses.get(type) === 'track_event' ? ELITE_TRACK : Object.keys(fields)
  const kept = pick(
    { ...fields },
    names.filter((name) => !LATER.has(name)),
  )
  return {
    ...kept,
    timestamp: Number(fields.timestamp),
    ...(kept.message_id === undefined ? {} : { message_id: messageId }),
    ...(kept.geo_ip === undefined ? {} : { geo_ip: eliteGeo(kept.geo_ip as Fields) }),
  }
}

function eliteGeo({ country, region, city, latitude, longitude }: Fields): Fields {
  return { country, region, city, latitude: String(latitude), longitude: String(longitude) }
}
