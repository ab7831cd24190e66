/**
 * The sample events of the API: every type, with the constants that all samples of the vendor carry.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib),
 * and, for Momentum's own fields, a consumer in production (github.com/midnight-pm/Momentum-Webhook-Ingest).
 */
import { catalogue } from '../../providers/momentum/catalogue.ts'
import { momentumSamples } from '../../providers/momentum/samples.ts'
import { pick } from './values.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * The same in all samples of the vendor, so receivers know them by it: for A/B tests and ingest
 * events, and for all others.
 */
const CONSTANTS: Readonly<Record<'uuid' | 'decimal', Fields>> = {
  uuid: { event_id: '0e5cf1fc-cb36-4c39-b695-3651b6ea6563' },
  decimal: {
    event_id: '92356927693813856',
    message_id: '000443ee14578172be22',
    rcpt_to: 'recipient@example.com',
    raw_rcpt_to: 'recipient@example.com',
    transmission_id: '65832150921904138',
    sms_dst: '7876712656',
    sms_text: 'lol',
  },
}

const BY_TYPE: ReadonlyMap<string, Fields> = new Map(
  Object.entries(catalogue).flatMap(([name, { schema }]) => {
    const [, type] = schema.split('.')
    const [sample] = Object.values<Fields>(momentumSamples[name as keyof typeof momentumSamples])
    return type === undefined || sample === undefined ? [] : [[type, sample] as const]
  }),
)

/** The documented fields of a type, with values of our own. */
export function documentedFields(type: string): Fields {
  return BY_TYPE.get(type) ?? { type }
}

/** The sample of a type: the documented fields, or those in `names` as far as there are values for them. */
export function sampleFields(
  classes: ReadonlyMap<string, string>,
  type: string,
  names: readonly string[] | null,
): Fields {
  const documented = documentedFields(type)
  const group = classes.get(type) ?? ''
  const constants = CONSTANTS[/^(ab_test|ingest)_event$/.test(group) ? 'uuid' : 'decimal']
  const fields = { ...documented, ...pick({ ...constants }, Object.keys(documented)) }
  if (names === null) return fields
  return { type, ...pick({ ...MOMENTUM_ONLY, ...fields }, ['event_id', 'timestamp', 'node_name', ...names]) }
}

/** Fields that only Momentum has. */
const MOMENTUM_ONLY: Fields = {
  node_name: 'mta-1',
  binding: 'marketing-1',
  binding_group: 'marketing',
  pathway: 'default',
  pathway_group: 'default',
  conn_name: '1A/00-12345-0B1C2D3E',
  conn_stage: '1',
  msg_batchname: '2B/00-12345-0B1C2D3E',
  msg_spoolname: '3C/00-12345-0B1C2D3E',
  scope_name: 'binding',
  accept_language: 'uk-UA,uk;q=0.9,en;q=0.7',
}
