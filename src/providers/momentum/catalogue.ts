/** The native events of Momentum and SparkPost. Private. */
import type { Catalogue } from '../kit/catalogue.ts'

// A refusal of class 60 or 100 is an automatic answer, 80 a subscribe request, 90 an unsubscribe request
// (SparkPost support docs, bounce classification, Aug 2026).
const REFUSED = ['bounced', 'autoresponded', 'unsubscribed', 'subscribed'] as const

/** Native name, its wire class and type, the normalised types it can have, its payload interface. */
export const catalogue = {
  'momentum.bounce': { schema: 'message_event.bounce', types: REFUSED, payload: 'MomentumBounce' },
  'momentum.delivery': { schema: 'message_event.delivery', types: ['delivered'], payload: 'MomentumDelivery' },
  'momentum.injection': { schema: 'message_event.injection', types: ['queued'], payload: 'MomentumInjection' },
  'momentum.sms_status': {
    schema: 'message_event.sms_status',
    types: ['message_status'],
    payload: 'MomentumSmsStatus',
  },
  'momentum.spam_complaint': {
    schema: 'message_event.spam_complaint',
    types: ['complained'],
    payload: 'MomentumSpamComplaint',
  },
  'momentum.out_of_band': { schema: 'message_event.out_of_band', types: REFUSED, payload: 'MomentumOutOfBand' },
  'momentum.policy_rejection': {
    schema: 'message_event.policy_rejection',
    types: ['rejected'],
    payload: 'MomentumPolicyRejection',
  },
  'momentum.delay': { schema: 'message_event.delay', types: ['deferred'], payload: 'MomentumDelay' },
  'momentum.open': { schema: 'track_event.open', types: ['opened'], payload: 'MomentumOpen' },
  'momentum.initial_open': { schema: 'track_event.initial_open', types: ['opened'], payload: 'MomentumInitialOpen' },
  'momentum.click': { schema: 'track_event.click', types: ['clicked'], payload: 'MomentumClick' },
  'momentum.amp_open': { schema: 'track_event.amp_open', types: ['opened'], payload: 'MomentumAmpOpen' },
  'momentum.amp_initial_open': {
    schema: 'track_event.amp_initial_open',
    types: ['opened'],
    payload: 'MomentumAmpInitialOpen',
  },
  'momentum.amp_click': { schema: 'track_event.amp_click', types: ['clicked'], payload: 'MomentumAmpClick' },
  'momentum.generation_failure': {
    schema: 'gen_event.generation_failure',
    types: ['failed'],
    payload: 'MomentumGenerationFailure',
  },
  'momentum.generation_rejection': {
    schema: 'gen_event.generation_rejection',
    types: ['rejected'],
    payload: 'MomentumGenerationRejection',
  },
  'momentum.list_unsubscribe': {
    schema: 'unsubscribe_event.list_unsubscribe',
    types: ['unsubscribed'],
    payload: 'MomentumListUnsubscribe',
  },
  'momentum.link_unsubscribe': {
    schema: 'unsubscribe_event.link_unsubscribe',
    types: ['unsubscribed'],
    payload: 'MomentumLinkUnsubscribe',
  },
  'momentum.relay_injection': {
    schema: 'relay_event.relay_injection',
    types: ['inbound'],
    payload: 'MomentumRelayInjection',
  },
  'momentum.relay_rejection': {
    schema: 'relay_event.relay_rejection',
    types: ['inbound_failed'],
    payload: 'MomentumRelayRejection',
  },
  'momentum.relay_delivery': {
    schema: 'relay_event.relay_delivery',
    types: ['inbound_delivered'],
    payload: 'MomentumRelayDelivery',
  },
  'momentum.relay_tempfail': {
    schema: 'relay_event.relay_tempfail',
    types: ['inbound_failed'],
    payload: 'MomentumRelayTempfail',
  },
  'momentum.relay_permfail': {
    schema: 'relay_event.relay_permfail',
    types: ['inbound_failed'],
    payload: 'MomentumRelayPermfail',
  },
  'momentum.ab_test_completed': {
    schema: 'ab_test_event.ab_test_completed',
    types: ['system'],
    payload: 'MomentumAbTestCompleted',
  },
  'momentum.ab_test_cancelled': {
    schema: 'ab_test_event.ab_test_cancelled',
    types: ['system'],
    payload: 'MomentumAbTestCancelled',
  },
  'momentum.ingest_success': { schema: 'ingest_event.success', types: ['system'], payload: 'MomentumIngestSuccess' },
  'momentum.ingest_error': { schema: 'ingest_event.error', types: ['system'], payload: 'MomentumIngestError' },
  'momentum.ad_adjust': { schema: 'adaptive_event.ad_adjust', types: ['system'], payload: 'MomentumAdAdjust' },
  'momentum.ad_status': { schema: 'adaptive_event.ad_status', types: ['system'], payload: 'MomentumAdStatus' },
  'momentum.relay_message': { schema: 'relay_message', types: ['inbound'], payload: 'MomentumRelayMessage' },
} as const satisfies Catalogue
