/** The wire of relay webhooks: a message that came in. */
import type { z } from 'zod'
import type { WireKit } from '../kit/wire-schema.ts'

/** It has no type, no event id and no time. Mail; or a short message, with `protocol` "smpp" (Enterprise, Oct 2016). */
export function relayMessageOf({ flag, id, list, object, recordItem, text, wire }: WireKit): z.ZodObject {
  return wire(
    {
      title: 'Relay message',
      description: 'A mail or a short message came in and is handed on by a relay webhook.',
      source: 'SparkPost developer documentation, relay webhooks, mid-2026; SparkPost Enterprise, SMS relay, Oct 2016',
      // Mail has a content, every relay webhook has an id; no other event has either.
      needsOne: ['content', 'webhook_id'],
    },
    {
      content: object('The mail, whole and taken apart.', {
        email_rfc822: text('The whole message; base64 when it has a byte that is not UTF-8.'),
        email_rfc822_is_base64: flag('Whether `email_rfc822` is base64.', { example: false }),
        headers: list('Headers in order, each an object with one key; repeated ones are kept.', {}, recordItem),
        subject: text('Subject, decoded.', { example: 'We come in peace' }),
        to: list('Addresses in To; before 2016 also those in Cc.', { example: ['your@yourdomain.com'] }),
        cc: list('Addresses in Cc.'),
        text: text('The last text/plain part.'),
        html: text('The last text/html part.'),
      }),
      friendly_from: text('Address in the From header.', { example: 'me@here.com' }),
      msg_from: text('Envelope sender.', { example: 'me@here.com' }),
      rcpt_to: text('Envelope recipient.', { example: 'you@there.com' }),
      webhook_id: id('Relay webhook.', { example: '4839201967643219' }),
      customer_id: id('Account the message is for.', { example: '1337' }),
      protocol: text('`smtp` or `smpp`; documented, yet missing from the sample.', { example: 'smtp' }),
      text: text('Text of a short message.'),
      to: text('Destination of a short message.'),
      from: text('Source of a short message.'),
      date: text('When a short message came in.'),
    },
  )
}
