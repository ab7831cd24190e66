/**
 * Momentum and SparkPost events with every documented field that mail has; values of our own. Fields of other channels
 * (`sms_*`, `device_token`) are left to `sms_status`: on mail they would say that it is none.
 */

import type { Fields, Samples } from '../kit/samples.ts'
import { catalogue } from './catalogue.ts'

const account = { customer_id: '4711', subaccount_id: '12' }

const event = (type: string) => ({
  type,
  ...account,
  timestamp: '1780000000',
  event_id: '84320004216718905',
})

const recipient = {
  raw_rcpt_to: 'Jo@shop.example',
  rcpt_to: 'jo@shop.example',
  rcpt_hash: '6f0d1c3b0d4d5a0d2f5f0c3c7b9c8a5e4d3b2a10',
}

const mail = (type: string) => ({
  ...event(type),
  ...recipient,
  campaign_id: 'spring-sale',
  friendly_from: 'news@shop.example',
  ip_pool: 'marketing',
  mailbox_provider: 'Gmail',
  mailbox_provider_region: 'Global',
  rcpt_meta: { order: '4711', plan: 'gold' },
  rcpt_tags: ['gold', 'spring'],
  recipient_domain: 'shop.example',
  sending_ip: '203.0.113.20',
  template_id: 'spring-2026',
  template_version: '3',
  transactional: '0',
  transmission_id: '65832150921904999',
})

const copy = (type: string) => ({
  ...mail(type),
  injection_time: '2026-05-28T20:26:37.000Z',
  message_id: '65f8c1f4185d8e3a7b21',
  msg_from: 'msprvs1=20600abcdefgh=bounces-4711@mail.shop.example',
})

const abTest = { ab_test_id: 'subject-line', ab_test_version: '2' }
const tracking = { amp_enabled: false, click_tracking: true, initial_pixel: true, open_tracking: true }
const sent = {
  msg_size: '48211',
  scheduled_time: '1779999900',
  routing_domain: 'shop.example',
  subject: 'Spring sale',
}
const attempt = { delv_method: 'esmtp', ip_address: '198.51.100.25', num_retries: '0' }
const toMany = { rcpt_type: 'cc', recv_method: 'rest' }

const failure = (bounce_class: string, error_code: string, reason: string) => ({
  bounce_class,
  error_code,
  reason,
  raw_reason: reason,
})

const unknownUser = failure('10', '550', '550 5.1.1 User unknown')

const bounced = (refusal: object) => ({
  ...copy('bounce'),
  ...tracking,
  ...sent,
  ...attempt,
  ...toMany,
  ...refusal,
})

const outOfBand = (refusal: object) => ({
  ...copy('out_of_band'),
  ...abTest,
  ...sent,
  ...attempt,
  queue_time: '812',
  recv_method: 'esmtp',
  ...refusal,
})

const autoReply = failure('60', '550', 'I am out of the office')
const subscribe = failure('80', '550', 'subscribe')
const unsubscribe = failure('90', '550', 'unsubscribe')

const tracked = (type: string) => ({
  ...copy(type),
  ...abTest,
  ...tracking,
  ...sent,
  delv_method: 'esmtp',
  ip_address: '203.0.113.7',
  num_retries: '0',
  queue_time: '812',
  rcpt_type: 'cc',
})

const visited = (type: string) => ({
  ...tracked(type),
  geo_ip: {
    country: 'FR',
    region: 'IDF',
    city: 'Paris',
    latitude: 48.8582,
    longitude: 2.3387,
    zip: 75001,
    postal_code: '75001',
  },
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  user_agent_parsed: {
    agent_family: 'Firefox',
    device_brand: 'Other',
    device_family: 'Other',
    os_family: 'Linux',
    os_version: '6.12',
    is_mobile: false,
    is_proxy: false,
    is_prefetched: false,
  },
})

const link = { target_link_name: 'sale', target_link_url: 'https://shop.example/sale?item=7' }

const { delv_method: _, ...unsubscribed } = {
  ...tracked('list_unsubscribe'),
  mailfrom: 'jo@shop.example',
  recv_method: 'esmtp',
}

const generation = (type: string) => ({
  ...mail(type),
  ...abTest,
  rcpt_subs: { name: 'Jo' },
  recv_method: 'rest',
  routing_domain: 'shop.example',
  scheduled_time: '1779999900',
})

const suppressed = failure('25', '554', 'Recipient address was suppressed due to customer policy')

const relay = (type: string) => ({
  ...event(type),
  ...recipient,
  injection_time: '2026-05-28T20:26:37.000Z',
  message_id: '65f8c1f4185d8e3a7c44',
  msg_from: 'jo@shop.example',
  origination: 'inbound',
  recv_method: 'esmtp',
  relay_id: '8125-77-3',
})

const relayRoute = { ip_pool: 'relay', routing_domain: 'hooks.shop.example', sending_ip: '203.0.113.21' }

const relayed = (type: string) => ({
  ...relay(type),
  ...relayRoute,
  delv_method: 'http',
  num_retries: '1',
  queue_time: '930',
})

const unreachable = { error_code: '500', reason: '500 Internal Server Error', raw_reason: '500 Internal Server Error' }

const abTestResult = {
  id: 'subject-line',
  name: 'Subject line',
  version: 2,
  test_mode: 'bayesian',
  engagement_metric: 'count_unique_clicked',
  default_template: {
    template_id: 'spring-2026',
    count_unique_clicked: 90,
    count_accepted: 1000,
    engagement_rate: 0.09,
  },
  variants: [{ template_id: 'spring-2026-b', count_unique_clicked: 121, count_accepted: 1000, engagement_rate: 0.121 }],
}

const ingest = (type: string) => ({
  ...event(type),
  event_id: '4d1f7a52-0f39-4a0f-9b52-0d7c2d9b6e11',
  batch_id: 'b1946ac9-2492-4d23-8c8b-3f4e4d0f8a77',
  expiration_timestamp: '2026-06-04T20:26:40.000Z',
  number_duplicates: 2,
  number_succeeded: 498,
})

const adaptive = (type: string) => ({
  ...event(type),
  node_name: 'mta-1',
  binding: 'marketing-1',
  routing_domain: 'shop.example',
  scope: 'binding',
})

/** The events by native name and normalised type. */
export const momentumSamples = {
  'momentum.bounce': {
    bounced: bounced(unknownUser),
    autoresponded: bounced(autoReply),
    unsubscribed: bounced(unsubscribe),
    subscribed: bounced(subscribe),
  },
  'momentum.delivery': {
    delivered: {
      ...copy('delivery'),
      ...abTest,
      ...tracking,
      ...sent,
      ...attempt,
      ...toMany,
      outbound_tls: '1',
      queue_time: '812',
    },
  },
  'momentum.injection': {
    queued: { ...copy('injection'), ...abTest, ...tracking, ...sent, ...toMany },
  },
  'momentum.sms_status': {
    message_status: {
      type: 'sms_status',
      ...account,
      timestamp: '1780000000',
      delv_method: 'smpp',
      dr_latency: '0.02',
      ip_address: '198.51.100.60',
      ip_pool: 'sms',
      raw_reason: 'delivered to handset',
      reason: 'delivered to handset',
      recv_method: 'rest',
      routing_domain: 'smsc.example',
      sending_ip: '203.0.113.22',
      sms_dst: '33612345678',
      sms_dst_npi: 'E164',
      sms_dst_ton: 'International',
      sms_remoteids: ['0007'],
      sms_src: '4711',
      sms_src_npi: 'E164',
      sms_src_ton: 'Unknown',
      sms_text: 'Your parcel is here',
      stat_state: 'Delivered',
      stat_type: 'SMSC Delivery',
    },
  },
  'momentum.spam_complaint': {
    complained: {
      ...copy('spam_complaint'),
      ...abTest,
      ...sent,
      ...attempt,
      fbtype: 'abuse',
      queue_time: '812',
      rcpt_type: 'cc',
      report_by: 'feedback.example',
      report_to: 'abuse.shop.example',
    },
  },
  'momentum.out_of_band': {
    bounced: outOfBand(unknownUser),
    autoresponded: outOfBand(autoReply),
    unsubscribed: outOfBand(unsubscribe),
    subscribed: outOfBand(subscribe),
  },
  'momentum.policy_rejection': {
    rejected: { ...copy('policy_rejection'), ...abTest, ...toMany, ...suppressed, remote_addr: '198.51.100.9' },
  },
  'momentum.delay': {
    deferred: {
      ...copy('delay'),
      ...tracking,
      ...sent,
      ...attempt,
      ...toMany,
      ...failure('22', '452', '452 4.2.2 Mailbox full'),
      outbound_tls: '1',
      queue_time: '812',
    },
  },
  'momentum.open': { opened: visited('open') },
  'momentum.initial_open': { opened: visited('initial_open') },
  'momentum.click': { clicked: { ...visited('click'), ...link } },
  'momentum.amp_open': { opened: visited('amp_open') },
  'momentum.amp_initial_open': { opened: visited('amp_initial_open') },
  'momentum.amp_click': { clicked: { ...visited('amp_click'), ...link } },
  'momentum.generation_failure': {
    failed: {
      ...generation('generation_failure'),
      error_code: '554',
      reason: 'Error while rendering part html',
      raw_reason: 'Error while rendering part html: line 3: substitution value is missing',
    },
  },
  'momentum.generation_rejection': {
    rejected: { ...generation('generation_rejection'), ...suppressed, subject: 'Spring sale' },
  },
  'momentum.list_unsubscribe': { unsubscribed },
  'momentum.link_unsubscribe': {
    unsubscribed: {
      ...unsubscribed,
      ...link,
      type: 'link_unsubscribe',
      delv_method: 'esmtp',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    },
  },
  'momentum.relay_injection': { inbound: { ...relay('relay_injection'), ...relayRoute, msg_size: '2048' } },
  'momentum.relay_rejection': {
    inbound_failed: {
      ...relay('relay_rejection'),
      ...failure('25', '550', '550 5.7.1 relaying denied'),
      remote_addr: '198.51.100.9',
    },
  },
  'momentum.relay_delivery': { inbound_delivered: relayed('relay_delivery') },
  'momentum.relay_tempfail': { inbound_failed: { ...relayed('relay_tempfail'), ...unreachable } },
  'momentum.relay_permfail': {
    inbound_failed: { ...relayed('relay_permfail'), ...unreachable, outbound_tls: '1' },
  },
  'momentum.ab_test_completed': {
    system: { ...event('ab_test_completed'), ab_test: { ...abTestResult, winning_template_id: 'spring-2026-b' } },
  },
  'momentum.ab_test_cancelled': { system: { ...event('ab_test_cancelled'), ab_test: abTestResult } },
  'momentum.ingest_success': { system: ingest('success') },
  'momentum.ingest_error': {
    system: {
      ...ingest('error'),
      error_type: 'validation',
      href: 'https://ingest.example/batches/b1946ac9-2492-4d23-8c8b-3f4e4d0f8a77',
      number_failed: 2,
      retryable: false,
    },
  },
  'momentum.ad_adjust': { system: { ...adaptive('ad_adjust'), option: 'max_outbound_connections', opt_value: '20' } },
  'momentum.ad_status': {
    system: {
      ...adaptive('ad_status'),
      action: 'suspend',
      rule: 'greylisted',
      trigger: '421',
      status: 'active',
      start: 1780000000,
      stop: 1780003600,
    },
  },
  'momentum.relay_message': {
    inbound: {
      content: {
        email_rfc822:
          'From: Jo <jo@shop.example>\r\nTo: help@shop.example\r\nSubject: A question\r\n\r\nWhere is my parcel?\r\n',
        email_rfc822_is_base64: false,
        headers: [{ From: 'Jo <jo@shop.example>' }, { To: 'help@shop.example' }, { Subject: 'A question' }],
        subject: 'A question',
        to: ['help@shop.example'],
        cc: ['team@shop.example'],
        text: 'Where is my parcel?',
        html: '<p>Where is my parcel?</p>',
      },
      friendly_from: 'jo@shop.example',
      msg_from: 'jo@shop.example',
      rcpt_to: 'help@shop.example',
      webhook_id: '4839201967640001',
      customer_id: '4711',
      protocol: 'smtp',
    },
  },
} as const satisfies Samples

/** The JSON text of an event with these fields, as the sender writes it. */
export function momentumWire(name: keyof typeof momentumSamples, fields: Fields): string {
  const [nativeClass = ''] = catalogue[name].schema.split('.')
  return JSON.stringify({ msys: { [nativeClass]: fields } })
}
