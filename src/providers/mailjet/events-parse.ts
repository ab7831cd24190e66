/**
 * A mail of Mailjet's Parse API as it stands on the wire: one object, told by no word (mailjet/api-documentation
 * guides/_parse-api.md, March 2023).
 */
import type { z } from 'zod'
import type { WireKit } from '../kit/wire-schema.ts'

export function parseSchemaOf({ text, record, list, item, wire }: WireKit): z.ZodObject {
  const headers = 'text, or a list of texts, one for each line.'
  return wire(
    {
      title: 'Mailjet parse',
      description: 'A mail has come in, and was taken apart.',
      source: 'Mailjet Parse API guide (mailjet/api-documentation guides/_parse-api.md), March 2023',
      // As `TELLING` of the reader, which is built without the schemas.
      needsOne: ['Recipient', 'Headers', 'Parts'],
      numbered: true,
    },
    {
      Sender: text('The address of the envelope, MAIL FROM.', { example: 'jo@shop.example' }),
      Recipient: text('The address of the envelope, RCPT TO.', { example: 'help@in.shop.example' }),
      Date: text('The Date header in UTC, without a zone.', { example: '20150410T160638' }),
      From: text('The From header.', { example: 'Jo <jo@shop.example>' }),
      Subject: text('The Subject header.'),
      Headers: record(`The headers by name: ${headers}`),
      Parts: list(
        'The parts, of which the tree cannot be told.',
        {},
        item({
          Headers: record(`The headers of the part by name: ${headers}`),
          ContentRef: text('The field with the content: `Text-part`, `Attachment1`; absent of a box of parts.'),
        }),
      ),
      'Text-part': text('The text, decoded.'),
      'Html-part': text('The HTML, decoded. Anybody has written it.'),
      Attachment1: text('Content in base64; `Attachment2` and so on, as many as there are.'),
      InlineAttachment1: text('Content in base64, of what the HTML shows; `InlineAttachment2` and so on.'),
      SpamAssassinScore: text('A number.', { example: '0.602' }),
      CustomID: text('CustomID of the mail that this one answers.'),
      Payload: text('EventPayload of the mail that this one answers, any text.'),
    },
  )
}
