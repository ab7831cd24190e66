/**
 * How the Parse API posts a mail.
 * Source: Mailjet Parse API guide (mailjet/api-documentation guides/_parse-api.md), March 2023.
 */
import { attachmentHeaders, type InboundMail, toBase64 } from '../kit/inbound-mail.ts'

interface Part {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly ref: string
  readonly content: string
}

/** The JSON text of the one object that a post has. `id` makes the Message-ID. */
export function parseBodyOf(mail: InboundMail, id: string, at: number): string {
  const { from, to, cc, subject } = mail
  const parts = partsOf(mail)
  return JSON.stringify({
    Sender: from,
    Recipient: to,
    // 20150410T160638: the Date header in UTC.
    Date: new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, ''),
    From: from,
    Subject: subject,
    Headers: {
      Received: ['from the outside by parse.mailjet.com'],
      From: from,
      To: to,
      ...(cc === undefined ? {} : { Cc: cc.join(', ') }),
      Subject: subject,
      Date: new Date(at).toUTCString(),
      'Message-ID': `<${id}@mail.example>`,
      'MIME-Version': ['1.0'],
    },
    Parts: parts.map(({ headers, ref }) => ({ Headers: Object.fromEntries(headers), ContentRef: ref })),
    ...Object.fromEntries(parts.map(({ ref, content }) => [ref, content])),
    SpamAssassinScore: '0.602',
    CustomID: '',
    Payload: '',
  })
}

function partsOf({ text, html, attachments = [] }: InboundMail): Part[] {
  return [
    shown('Text-part', 'plain', text),
    ...(html === undefined ? [] : [shown('Html-part', 'html', html)]),
    ...attachments.map((one, n) => ({
      headers: attachmentHeaders(one),
      ref: `Attachment${n + 1}`,
      content: toBase64(one),
    })),
  ]
}

function shown(ref: string, type: string, content: string): Part {
  return { headers: [['Content-Type', `text/${type}; charset=utf-8`]], ref, content }
}
