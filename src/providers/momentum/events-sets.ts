/**
 * Which fields the types of Momentum and SparkPost have.
 *
 * Documented means "may be there": empty fields are left out. Sources: the vendor's documentation of Nov 2016
 * (gosparkpost, test/event-docs.json), of Oct 2020 (java-sparkpost, model classes) and its samples of mid-2026
 * (SparkPoster, webhook-events.json); for Momentum as in events-momentum.ts.
 */

const words = (text: string) => text.trim().split(/\s+/)

const ACCOUNT = words('customer_id subaccount_id timestamp type')
const EVENT = [...ACCOUNT, 'event_id']
const MAIL = [
  ...EVENT,
  ...words(`campaign_id friendly_from ip_pool mailbox_provider mailbox_provider_region raw_rcpt_to rcpt_hash rcpt_meta
    rcpt_tags rcpt_to recipient_domain sending_ip template_id template_version transactional transmission_id`),
]
const COPY = [...MAIL, 'injection_time', 'message_id', 'msg_from']
const AB_TEST = ['ab_test_id', 'ab_test_version']
const TRACKING = words('amp_enabled click_tracking initial_pixel open_tracking')
const SENT = words('msg_size scheduled_time routing_domain subject')
const FAILURE = words('bounce_class error_code raw_reason reason')
const ATTEMPT = words('delv_method ip_address num_retries')
const SMS_ENDS = words('sms_dst sms_dst_npi sms_dst_ton sms_src sms_src_npi sms_src_ton')
const SMS = ['sms_coding', ...SMS_ENDS]
const TRACKED = [...COPY, ...AB_TEST, ...TRACKING, ...SENT, ...ATTEMPT, ...words('queue_time rcpt_type')]
const OPENED = [...TRACKED, ...words('geo_ip user_agent user_agent_parsed')]
const CLICKED = [...OPENED, 'target_link_name', 'target_link_url']
const UNSUBSCRIBED = [...TRACKED.filter((name) => name !== 'delv_method'), 'mailfrom', 'recv_method']
const GENERATION = [
  ...MAIL,
  ...AB_TEST,
  ...words('error_code raw_reason rcpt_subs reason recv_method routing_domain scheduled_time'),
]
const RELAY = [
  ...EVENT,
  ...words('injection_time message_id msg_from origination raw_rcpt_to rcpt_hash rcpt_to recv_method relay_id'),
]
const RELAYED = [...RELAY, ...words('delv_method ip_pool num_retries queue_time routing_domain sending_ip')]
const INGEST = [...EVENT, ...words('batch_id expiration_timestamp number_duplicates number_succeeded')]

/** Fields documented for each type (SparkPost: field sets equal to the events/samples endpoint of mid-2026). */
export const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  'message_event.bounce': [
    ...COPY,
    ...TRACKING,
    ...SENT,
    ...FAILURE,
    ...ATTEMPT,
    ...SMS,
    ...words('device_token rcpt_type recv_method'),
  ],
  'message_event.delivery': [
    ...COPY,
    ...AB_TEST,
    ...TRACKING,
    ...SENT,
    ...ATTEMPT,
    ...SMS,
    ...words('device_token outbound_tls queue_time rcpt_type recv_method sms_remoteids sms_segments'),
  ],
  'message_event.injection': [
    ...COPY,
    ...AB_TEST,
    ...TRACKING,
    ...SENT,
    ...SMS,
    ...words('rcpt_type recv_method sms_segments sms_text'),
  ],
  'message_event.sms_status': [
    ...ACCOUNT,
    ...SMS_ENDS,
    ...words(`delv_method dr_latency ip_address ip_pool raw_reason reason recv_method routing_domain sending_ip
      sms_remoteids sms_text stat_state stat_type`),
  ],
  'message_event.spam_complaint': [
    ...COPY,
    ...AB_TEST,
    ...SENT,
    ...ATTEMPT,
    ...words('fbtype queue_time rcpt_type report_by report_to'),
  ],
  'message_event.out_of_band': [
    ...COPY,
    ...AB_TEST,
    ...SENT,
    ...FAILURE,
    ...ATTEMPT,
    ...words('device_token queue_time recv_method'),
  ],
  'message_event.policy_rejection': [...COPY, ...AB_TEST, ...FAILURE, ...words('rcpt_type recv_method remote_addr')],
  'message_event.delay': [
    ...COPY,
    ...TRACKING,
    ...SENT,
    ...FAILURE,
    ...ATTEMPT,
    ...SMS,
    ...words('device_token outbound_tls queue_time rcpt_type recv_method'),
  ],
  'track_event.open': OPENED,
  'track_event.initial_open': OPENED,
  'track_event.click': CLICKED,
  'track_event.amp_open': OPENED,
  'track_event.amp_initial_open': OPENED,
  'track_event.amp_click': CLICKED,
  'gen_event.generation_failure': GENERATION,
  'gen_event.generation_rejection': [...GENERATION, 'bounce_class', 'subject'],
  'unsubscribe_event.list_unsubscribe': UNSUBSCRIBED,
  'unsubscribe_event.link_unsubscribe': [
    ...UNSUBSCRIBED,
    ...words('delv_method target_link_name target_link_url user_agent'),
  ],
  'relay_event.relay_injection': [...RELAY, ...words('ip_pool msg_size routing_domain sending_ip')],
  'relay_event.relay_rejection': [...RELAY, ...FAILURE, 'remote_addr'],
  'relay_event.relay_delivery': RELAYED,
  'relay_event.relay_tempfail': [...RELAYED, ...words('error_code raw_reason reason')],
  'relay_event.relay_permfail': [...RELAYED, ...words('error_code outbound_tls raw_reason reason')],
  'ab_test_event.ab_test_completed': [...EVENT, 'ab_test'],
  'ab_test_event.ab_test_cancelled': [...EVENT, 'ab_test'],
  'ingest_event.success': INGEST,
  'ingest_event.error': [...INGEST, ...words('error_type href number_failed retryable')],
  'adaptive_event.ad_adjust': [...EVENT, ...words('binding node_name opt_value option routing_domain scope')],
  'adaptive_event.ad_status': [
    ...EVENT,
    ...words('action binding node_name routing_domain rule scope start status stop trigger'),
  ],
}

const NODE = words('binding binding_group node_name')
const SPOOLED = [...NODE, ...words('conn_name conn_stage msg_batchname msg_spoolname')]
const SINCE = words('injection_time_ms rcpt_list_id')
const TRACKED_BESIDES = words('accept_language node_name')

/** Fields seen on a type besides, on SparkPost or on Momentum. */
export const UNDOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  'message_event.bounce': [...SPOOLED, ...SINCE, ...words('canonical_ids queue_time snippet_count')],
  'message_event.delivery': [...SPOOLED, ...SINCE, ...words('canonical_ids snippet_count')],
  'message_event.injection': [...SPOOLED, ...SINCE, ...words('pathway pathway_group snippet_count')],
  'message_event.spam_complaint': [...NODE, ...SINCE, ...words('msg_spoolname user_str')],
  'message_event.out_of_band': [...NODE, ...SINCE, 'conn_stage'],
  'message_event.policy_rejection': [...NODE, ...SINCE, ...words('conn_name pathway pathway_group scope_name')],
  'message_event.delay': [...SPOOLED, ...SINCE, ...words('canonical_ids next_attempt snippet_count')],
  'track_event.open': TRACKED_BESIDES,
  'track_event.initial_open': TRACKED_BESIDES,
  'track_event.click': TRACKED_BESIDES,
  'track_event.amp_open': TRACKED_BESIDES,
  'track_event.amp_initial_open': TRACKED_BESIDES,
  'track_event.amp_click': TRACKED_BESIDES,
  'gen_event.generation_failure': [...NODE, ...words('message_id tdate')],
  'gen_event.generation_rejection': [...NODE, 'message_id'],
  'unsubscribe_event.link_unsubscribe': ['accept_language'],
  'relay_event.relay_rejection': ['sending_ip'],
}

/** Sets of fields that several types have, by what they are about: the payload interfaces share them. */
export const SETS: Readonly<Record<string, readonly string[]>> = {
  Event: EVENT,
  Mail: MAIL,
  Copy: COPY,
  AbTest: AB_TEST,
  Tracking: TRACKING,
  Sent: SENT,
  Failure: FAILURE,
  Attempt: ATTEMPT,
  SmsEnds: SMS_ENDS,
  Tracked: TRACKED,
  Opened: OPENED,
  Generation: GENERATION,
  Relay: RELAY,
  Relayed: RELAYED,
  Ingest: INGEST,
  Node: NODE,
  Spooled: SPOOLED,
  Since: SINCE,
}
