/** Events as Mailjet posts them: a MessageID of 64 bits as a number, about 550 bytes each. */
import type { Random } from './random.ts'
import { address, address4, agent, link, refusal } from './variety.ts'

const EVENTS = ['sent', 'sent', 'sent', 'sent', 'open', 'open', 'open', 'click', 'bounce', 'unsub'] as const

export function mailjetElement(random: Random): string {
  const event = random.pick(EVENTS)
  const { event: _, ...rest } = { event, ...common(random), ...own(event, random) }
  // Beyond 2^53, so it cannot go through JSON.stringify.
  return `{"event":"${event}","MessageID":1152${random.digits(15)},${JSON.stringify(rest).slice(1)}`
}

function common(random: Random): object {
  const campaign = random.below(40)
  return {
    time: 1_780_000_000 + random.below(30),
    Message_GUID: `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`,
    email: address(random),
    mj_campaign_id: 7_276_141_000 + campaign,
    mj_contact_id: Number(random.digits(10)),
    customcampaign: `campaign-${campaign}`,
    CustomID: `order-${random.digits(9)}`,
    Payload: JSON.stringify({ order: random.below(10 ** 9), list: `segment-${random.below(200)}` }),
  }
}

function own(event: (typeof EVENTS)[number], random: Random): object {
  const client = { ip: address4(random), geo: random.pick(['UA', 'FR', 'US']), agent: agent(random) }
  switch (event) {
    case 'open':
      return client
    case 'click':
      return { ...client, url: link(random) }
    case 'unsub':
      return { ...client, mj_list_id: Number(random.digits(8)) }
    case 'bounce':
      return bounce(random)
    default:
      return { smtp_reply: `250 2.0.0 Ok: queued as ${random.hex(12)}` }
  }
}

function bounce(random: Random): object {
  return {
    blocked: random.below(2) === 0,
    hard_bounce: random.below(2) === 0,
    error_related_to: 'recipient',
    error: 'user unknown',
    comment: refusal(random).reason,
  }
}
