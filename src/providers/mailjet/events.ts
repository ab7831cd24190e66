/**
 * Mailjet's events as they stand on the wire. Fields and meanings: Mailjet Event API guide
 * (mailjet/api-documentation `guides/_event-api.md`, March 2023; dev.mailjet.com "Webhooks", 2025), read November 2026.
 * What is said of empty values comes from bodies of the test button (public receivers, 2018 and 2022), of null from a
 * body of 2012.
 */
import type { z } from 'zod'
import type { Fields, FlatBody, WireKit } from '../kit/wire-schema.ts'
import { parseSchemaOf } from './events-parse.ts'

const source = 'Mailjet Event API guide (mailjet/api-documentation guides/_event-api.md), March 2023'

const commonOf = ({ id, integer, text, textOrNull }: WireKit) => ({
  time: integer('When it happened: Unix time in seconds.', { example: 1433103519 }),
  MessageID: id(
    'The message to this recipient: a 64-bit number on the wire, beyond 2^53. "0" in events of the test button.',
    { example: '94012642276192743' },
  ),
  Message_GUID: text('`MessageUUID` of the Send API v3.1. Since about 2019; absent in events of the test button.', {
    example: '5577705c-024a-472d-8918-29ef81a64738',
  }),
  email: text('The recipient; perhaps no valid address. Empty in events of the test button.'),
  mj_campaign_id: id('The Mailjet campaign; "0" for a message without one.', { example: '7653742672' }),
  mj_contact_id: id('The Mailjet contact; may be "0".', { example: '5754145803' }),
  customcampaign: textOrNull(
    'CustomCampaign (X-Mailjet-Campaign) of the send call; `mj.nl=` and a number for newsletters of the Mailjet ' +
      'editor; empty when there is none.',
    { example: 'mj.nl=10755340' },
  ),
  CustomID: text('CustomID (X-MJ-CustomID) of the send call; empty when there is none.', { example: 'helloworld' }),
  Payload: text('EventPayload (X-MJ-EventPayload) of the send call, any text; empty when there is none.', {
    example: '{"order":1}',
  }),
})

const clientOf = ({ text }: WireKit) => ({
  ip: text('IPv4 or IPv6 address of the client or its proxy.', { example: '203.0.113.7' }),
  geo: text('Country code by MaxMind, not of ISO alone (`EU` for the Google image proxy); may be empty.', {
    example: 'FR',
  }),
  agent: text('User agent; `List-Unsubscribe` for an unsubscribe by that header; may be empty.'),
})

const causesOf = ({ text }: WireKit) => ({
  error_related_to: text(
    'Where the cause lies: recipient, domain, content, spam, system, mailjet. Open list; was seen with the text of ' +
      '`error` in it.',
    { example: 'recipient' },
  ),
  error: text('The cause. Open list; may be empty.', { example: 'user unknown' }),
})

/** The field whose word tells what an event is. */
export const WORD = 'event'

export const BODY: FlatBody = { className: 'payload', schemaName: 'mailjetBody', isList: false }

/** A mail of the Parse API. */
export const aloneOf = (kit: WireKit) => ({ parse: parseSchemaOf(kit) })

export function schemasOf(kit: WireKit) {
  const common = commonOf(kit)
  const client = clientOf(kit)
  const causes = causesOf(kit)
  const { booleanOrEmpty, id, text } = kit

  function event(word: string, title: string, description: string, fields: Fields): z.ZodObject {
    const type = kit.word('The type of the event.', [word])
    return kit.wire({ title, description, source }, { [WORD]: type, ...common, ...fields })
  }

  return {
    sent: event('sent', 'Mailjet sent', 'The mail server of the recipient has accepted the message.', {
      mj_message_id: text(
        'MessageID once more, as text. Deprecated and mostly absent; the only id in grouped bodies of 2015.',
      ),
      smtp_reply: text('The reply of the mail server; older events wrap it as `sent (…)`.', {
        example: '250 2.0.0 Ok: queued as 30F88223032',
      }),
    }),
    open: event('open', 'Mailjet open', 'The tracking pixel was fetched: each time, by image proxies too.', client),
    click: event('click', 'Mailjet click', 'A tracked link was followed: each time.', {
      url: text('The link as it was in the message.', { example: 'https://shop.example/' }),
      ...client,
    }),
    bounce: event('bounce', 'Mailjet bounce', 'The delivery failed, for good or for now.', {
      blocked: booleanOrEmpty('True when the recipient is now on the block list. Empty from the test button.'),
      hard_bounce: booleanOrEmpty('True when the failure is permanent. Empty from the test button.'),
      ...causes,
      comment: text('The SMTP error or the message of the resolver, as received. Since 2019.', {
        example: '550 5.1.1 <jo@shop.example>: Recipient address rejected',
      }),
    }),
    blocked: event('blocked', 'Mailjet blocked', 'Mailjet did not send the message, or stopped trying.', causes),
    spam: event('spam', 'Mailjet spam', 'The recipient complained, through a feedback loop.', {
      source: text('The feedback loop. Open list.', { example: 'JMRPP' }),
    }),
    unsub: event('unsub', 'Mailjet unsub', 'The recipient unsubscribed.', {
      mj_list_id: id('The contact list that was left; "0" where there is none, empty from the test button.', {
        example: '10212675',
      }),
      ...client,
    }),
  }
}
