/** Mailjet events with every field a current one has; values of our own. */

import { type Fields, type Samples, toWire } from '../kit/samples.ts'
import { ids } from './validate.generated.ts'

function common(event: string): Fields {
  return {
    event,
    time: 1780000000,
    MessageID: '1152921540137429011',
    Message_GUID: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    email: 'jo@shop.example',
    mj_campaign_id: '7653742672',
    mj_contact_id: '5754145803',
    customcampaign: 'spring-sale',
    CustomID: 'order-4711',
    Payload: '{"order":4711}',
  }
}

const client = {
  ip: '203.0.113.7',
  geo: 'FR',
  agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
}

export const mailjetSamples = {
  'mailjet.sent': {
    delivered: { ...common('sent'), smtp_reply: '250 2.0.0 Ok: queued as 4cQ2rL5Zz9z1' },
  },
  'mailjet.open': { opened: { ...common('open'), ...client } },
  'mailjet.click': { clicked: { ...common('click'), url: 'https://shop.example/sale?item=7', ...client } },
  'mailjet.bounce': {
    bounced: {
      ...common('bounce'),
      blocked: true,
      hard_bounce: true,
      error_related_to: 'recipient',
      error: 'user unknown',
      comment: '550 5.1.1 <jo@shop.example>: Recipient address rejected: User unknown',
    },
    deferred: {
      ...common('bounce'),
      blocked: false,
      hard_bounce: false,
      error_related_to: 'domain',
      error: 'greylisted',
      comment: '451 4.7.1 Greylisting in action, please come back later',
    },
  },
  'mailjet.blocked': {
    rejected: { ...common('blocked'), error_related_to: 'mailjet', error: 'preblocked' },
  },
  'mailjet.spam': { complained: { ...common('spam'), source: 'JMRPP' } },
  'mailjet.unsub': { unsubscribed: { ...common('unsub'), mj_list_id: '10212675', ...client } },
} as const satisfies Samples

/** The JSON text of an event with these fields, as Mailjet writes it: identifiers are numbers of up to 64 bits. */
export function mailjetWire(fields: Fields): string {
  return toWire(fields, ids)
}
