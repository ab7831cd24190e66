/**
 * Momentum on premises: what its events hold.
 * Sources, in github.com/SparkPost/support-docs, content/momentum: the manual of Momentum 4, "Using Webhooks for Event
 * Data" (4/reporting-webhooks.md, March 2020) and "Managing Your Webhooks in the UI" (4/web-ui-webhooks.md, February
 * 2020); "Enabling Webhooks" of Momentum 5.3 (manuals/enabling-webhooks.md, June 2026); the change logs (changelog).
 * A consumer in production: github.com/midnight-pm/Momentum-Webhook-Ingest, qry/tables/create-sql.sql.
 */
import type { Step } from '../kit/life-cycle.ts'
import { classesOf, type Edition, type NativeEvent } from './edition.ts'
import type { Ids } from './ids.ts'
import { sampleFields } from './samples.ts'
import { pick, timeOf, valuesOf } from './values.ts'

/** What webhooks of a file can ask for: the manual of Momentum 5.3, appendix 1. */
const FILE_TYPES: readonly string[] = [
  'injection',
  'delivery',
  'delay',
  'bounce',
  'out_of_band',
  'policy_rejection',
  'spam_complaint',
  'sms_status',
  'open',
  'click',
  'generation_failure',
  'generation_rejection',
  'list_unsubscribe',
  'link_unsubscribe',
  'ad_adjust',
  'ad_status',
]

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const RECEIVED = words(`
  recv_method subaccount_id transmission_id conn_name msg_batchname msg_spoolname conn_stage message_id binding
  binding_group msg_size routing_domain msg_from friendly_from rcpt_to raw_rcpt_to rcpt_type subject customer_id
  campaign_id template_id template_version rcpt_meta rcpt_tags`)
const ATTEMPT = words('delv_method queue_time num_retries ip_address')
const REFUSAL = words('bounce_class error_code reason raw_reason')
const VISIT = words(`
  message_id delv_method campaign_id customer_id subaccount_id transmission_id rcpt_to raw_rcpt_to rcpt_type ip_address
  user_agent template_id template_version rcpt_meta rcpt_tags`)
const UNSUBSCRIBE = words(`
  message_id customer_id campaign_id subaccount_id transmission_id mailfrom friendly_from rcpt_to raw_rcpt_to rcpt_type
  template_id template_version rcpt_meta rcpt_tags`)

/** What the consumer in production stores of each type. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  injection: [...RECEIVED, 'pathway', 'pathway_group'],
  delivery: [...RECEIVED, ...ATTEMPT],
  delay: [...RECEIVED, ...ATTEMPT, ...REFUSAL],
  bounce: [...RECEIVED, ...ATTEMPT, ...REFUSAL],
  policy_rejection: words(`
    recv_method subaccount_id transmission_id conn_name message_id binding binding_group pathway pathway_group msg_from
    friendly_from rcpt_to raw_rcpt_to rcpt_type error_code reason raw_reason scope_name customer_id campaign_id template_id
    template_version rcpt_meta rcpt_tags`),
  spam_complaint: words(`
    subaccount_id transmission_id msg_spoolname message_id binding binding_group friendly_from rcpt_to raw_rcpt_to rcpt_type
    fbtype report_by report_to user_str customer_id campaign_id template_id template_version rcpt_tags rcpt_meta`),
  out_of_band: words(`
    recv_method delv_method subaccount_id conn_stage message_id binding binding_group msg_from rcpt_to raw_rcpt_to
    bounce_class error_code reason raw_reason customer_id campaign_id template_id template_version`),
  open: VISIT,
  click: [...VISIT, 'target_link_name', 'target_link_url', 'accept_language'],
  list_unsubscribe: UNSUBSCRIBE,
  link_unsubscribe: [...UNSUBSCRIBE, 'user_agent'],
}

const everyClass = classesOf(() => true)
const fileClasses = classesOf((type) => FILE_TYPES.includes(type))

export interface MomentumWire {
  /**
   * Whether webhooks come from a file. The types that the Webhooks API of 4.x took are not published: it takes all of our
   * catalogue, and sends those that Momentum has.
   */
  readonly fromFile: boolean
  /** False: no `event_id`, as before 4.2.28. */
  readonly eventIds: boolean
}

export function momentumEdition(wire: MomentumWire): Edition {
  const classes = wire.fromFile ? fileClasses : everyClass
  return {
    name: 'momentum',
    classes,
    absoluteLinks: true,
    // The screenshot of the test shows token, Host, Content-Type and Connection only.
    testBatchId: null,
    userAgent: null,
    isCloudApi: false,
    openDocumentation: false,
    eventsOf: (step, ids, node) => [eventOf(wire, step, ids, node)],
    sampleOf: (type) => sampleFields(classes, type, FIELDS[type] ?? null),
  }
}

function eventOf({ eventIds }: MomentumWire, step: Step, ids: Ids, node: string): NativeEvent {
  const type = typeOf(step)
  const copy = ids.copyOf(step.message)
  const values = {
    ...valuesOf(step, copy),
    timestamp: timestampOf(type, step),
    node_name: node,
    binding: 'marketing-1',
    binding_group: 'marketing',
    pathway: 'default',
    pathway_group: 'default',
    conn_name: copy.connection,
    conn_stage: '1',
    msg_batchname: copy.batchName,
    msg_spoolname: copy.spoolName,
    fbtype: 'abuse',
    report_by: 'feedback.example',
    report_to: 'abuse.shop.example',
  }
  const own = eventIds ? { event_id: ids.event() } : {}
  const fields = { type, ...own, timestamp: values.timestamp, node_name: node, ...pick(values, FIELDS[type] ?? []) }
  return { type, fields }
}

/** The manual prints message events with a fraction and a click without. */
function timestampOf(type: string, step: Step): string {
  const seconds = timeOf(step) / 1_000
  return everyClass.get(type) === 'message_event' ? seconds.toFixed(3) : String(Math.floor(seconds))
}

const WORDS: Readonly<Record<Exclude<Step['kind'], 'unsubscribed'>, string>> = {
  injected: 'injection',
  rejected: 'policy_rejection',
  deferred: 'delay',
  bounced: 'bounce',
  delivered: 'delivery',
  late_bounced: 'out_of_band',
  opened: 'open',
  clicked: 'click',
  complained: 'spam_complaint',
}

/** The type of a step, where a step makes one event. */
export function typeOf(step: Step): string {
  if (step.kind !== 'unsubscribed') return WORDS[step.kind]
  return step.by === 'link' ? 'link_unsubscribe' : 'list_unsubscribe'
}
