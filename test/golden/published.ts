/** What the published bodies are, by file and sample: name, type and effect of each event, in order. */

const MESSAGES_2016 = [
  'momentum.bounce bounced none',
  'momentum.delivery delivered none',
  'momentum.injection queued none',
  'momentum.sms_status message_status none',
  'momentum.spam_complaint complained suppress',
  'momentum.out_of_band bounced none',
  'momentum.policy_rejection rejected none',
  'momentum.delay deferred none',
  'momentum.click clicked none',
  'momentum.open opened none',
]
const GENERATION = ['momentum.generation_failure failed none', 'momentum.generation_rejection rejected none']
const UNSUBSCRIBES = [
  'momentum.list_unsubscribe unsubscribed unsubscribe',
  'momentum.link_unsubscribe unsubscribed unsubscribe',
]
const RELAY = [
  'momentum.relay_injection inbound none',
  'momentum.relay_rejection inbound_failed none',
  'momentum.relay_delivery inbound_delivered none',
  'momentum.relay_tempfail inbound_failed none',
  'momentum.relay_permfail inbound_failed none',
]
const ALL_2016 = [...MESSAGES_2016, ...GENERATION, ...UNSUBSCRIBES, ...RELAY]

export const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  'documented-2016-event-docs.json': ALL_2016,
  'documented-2016-numeric-timestamps.json': ALL_2016,
  'documented-2026-live-samples.json': [
    ...MESSAGES_2016,
    'momentum.initial_open opened none',
    'momentum.amp_click clicked none',
    'momentum.amp_open opened none',
    'momentum.amp_initial_open opened none',
    ...GENERATION,
    ...UNSUBSCRIBES,
    ...RELAY,
    'momentum.ab_test_completed system none',
    'momentum.ab_test_cancelled system none',
    'momentum.ingest_success system none',
    'momentum.ingest_error system none',
  ],
  'documented-elite-click.json': ['momentum.click clicked none'],
  'documented-momentum4.json': ['momentum.delivery delivered none', 'momentum.click clicked none'],
  'documented-relay-message.json': ['momentum.relay_message inbound none'],
  'ping-array.json': ['momentum.unknown unknown none'],
  'ping-object.json': ['momentum.unknown unknown none'],
  'raw-names-ingest.json': ['momentum.bounce bounced none', 'momentum.injection queued none'],
  'api-documentation_event-api.json: grouped-array (Version 2)': [
    'mailjet.sent delivered none',
    'mailjet.sent delivered none',
  ],
  'api-documentation_event-api.json: sent': ['mailjet.sent delivered none'],
  'api-documentation_event-api.json: open': ['mailjet.open opened none'],
  'api-documentation_event-api.json: click': ['mailjet.click clicked none'],
  'api-documentation_event-api.json: bounce': ['mailjet.bounce bounced suppress'],
  'api-documentation_event-api.json: blocked': ['mailjet.blocked rejected suppress'],
  'api-documentation_event-api.json: spam': ['mailjet.spam complained suppress'],
  'api-documentation_event-api.json: unsub': ['mailjet.unsub unsubscribed unsubscribe'],
  'api-documentation_event-api_2015-grouped.json: grouped-array-2015': [
    'mailjet.sent delivered none',
    'mailjet.sent delivered none',
    'mailjet.sent delivered none',
    'mailjet.sent delivered none',
  ],
  'support-page_webhooks_all-statuses_legacy.json: all-statuses': [
    'esputnik.subscription_changed preferences_changed none',
    'esputnik.delivered delivered none',
    'esputnik.undelivered bounced none',
    'esputnik.undelivered bounced none',
    'esputnik.read opened none',
    'esputnik.unsubscribed unsubscribed unsubscribe',
    'esputnik.clicked clicked none',
    'esputnik.spam complained suppress',
  ],
  'yespo-docs_webhooks-for-tracking-activity.json: bulk-campaign': [
    'esputnik.delivered delivered none',
    'esputnik.delivered delivered none',
    'esputnik.delivered delivered none',
    'esputnik.undelivered bounced suppress',
  ],
  'yespo-docs_webhooks-for-tracking-activity.json: triggered-campaign': [
    'esputnik.delivered delivered none',
    'esputnik.delivered delivered none',
    'esputnik.undelivered bounced none',
  ],
}
