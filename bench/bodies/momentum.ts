/** Batches as Momentum and SparkPost post them: about 1 150 bytes an event, every type of everyday traffic. */
import type { Random } from './random.ts'
import { address, address4, agent, link, metadata, refusal, subject } from './variety.ts'

/** How often a type comes in a hundred events: about four events a message (SparkPost support docs, Aug 2026). */
const MIX = [
  ['injection', 27],
  ['delivery', 26],
  ['open', 14],
  ['initial_open', 12],
  ['click', 9],
  ['delay', 5],
  ['bounce', 4],
  ['list_unsubscribe', 2],
  ['spam_complaint', 1],
] as const

type Type = (typeof MIX)[number][0]

const CYCLE = MIX.flatMap(([type, weight]) => Array.from({ length: weight }, () => type))

const CLASS: Readonly<Record<Type, string>> = {
  injection: 'message_event',
  delivery: 'message_event',
  delay: 'message_event',
  bounce: 'message_event',
  spam_complaint: 'message_event',
  open: 'track_event',
  initial_open: 'track_event',
  click: 'track_event',
  list_unsubscribe: 'unsubscribe_event',
}

export function momentumElement(random: Random): string {
  const type = random.pick(CYCLE)
  return JSON.stringify({ msys: { [CLASS[type]]: { type, ...mail(random), ...own(type, random) } } })
}

function mail(random: Random): object {
  const to = address(random)
  const seconds = 1_780_000_000 + random.below(30)
  return {
    campaign_id: `campaign-${random.below(40)}`,
    customer_id: '4711',
    event_id: random.digits(18),
    friendly_from: 'news@shop.example',
    injection_time: new Date((seconds - random.below(3_600)) * 1_000).toISOString(),
    ip_pool: random.pick(['marketing', 'transactional', 'warm-up']),
    mailbox_provider: random.pick(['Gmail', 'Microsoft', 'Yahoo', 'Other']),
    message_id: random.hex(20),
    msg_from: `msprvs1=${random.hex(12)}=bounces-4711@mail.shop.example`,
    msg_size: String(10_000 + random.below(90_000)),
    num_retries: String(random.below(3)),
    queue_time: String(random.below(9_000)),
    rcpt_meta: metadata(random),
    rcpt_tags: [random.pick(['gold', 'silver']), `segment-${random.below(200)}`],
    rcpt_to: to.toLowerCase(),
    raw_rcpt_to: to,
    recipient_domain: to.slice(to.indexOf('@') + 1),
    routing_domain: to.slice(to.indexOf('@') + 1),
    sending_ip: address4(random),
    subject: subject(random),
    template_id: `template-${random.below(500)}`,
    template_version: String(random.below(40)),
    timestamp: String(seconds),
    transactional: random.pick(['0', '1']),
    transmission_id: random.digits(17),
  }
}

function own(type: Type, random: Random): object {
  switch (type) {
    case 'open':
    case 'initial_open':
    case 'list_unsubscribe':
      return visit(random)
    case 'click':
      return { ...visit(random), target_link_name: `link-${random.below(30)}`, target_link_url: link(random) }
    case 'delay':
    case 'bounce':
      return { ...refusal(random), delv_method: 'esmtp', ip_address: address4(random) }
    case 'spam_complaint':
      return { fbtype: 'abuse', report_by: 'mail.example', report_to: 'abuse@shop.example' }
    default:
      return { delv_method: 'esmtp', ip_address: address4(random), rcpt_type: 'to', recv_method: 'rest' }
  }
}

function visit(random: Random): object {
  return {
    geo_ip: {
      city: random.pick(['Kyiv', 'Paris', 'Springfield', 'São Paulo']),
      country: random.pick(['UA', 'FR', 'US', 'BR']),
      latitude: random.below(9_000_000) / 100_000,
      longitude: random.below(18_000_000) / 100_000,
    },
    ip_address: address4(random),
    user_agent: agent(random),
  }
}
