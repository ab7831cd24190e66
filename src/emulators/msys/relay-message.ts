/**
 * How a relay webhook hands on a mail.
 * Source: SparkPost API, Relay Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/relay-webhooks.apib).
 */
import { attachmentHeaders, encodedWord, type InboundMail, toBase64 } from '../kit/inbound-mail.ts'

type Headers = readonly (readonly [name: string, value: string])[]

/** The message as the sender would post it: the mail whole, and again in parts. */
export function relayMessageOf(mail: InboundMail, webhookId: string): Record<string, unknown> {
  const body = bodyOf(mail)
  const headers = [...headersOf(mail), ...body.headers]
  return {
    content: {
      email_rfc822: written(headers, body.text),
      email_rfc822_is_base64: false,
      headers: headers.map(([name, value]) => ({ [name]: value })),
      subject: mail.subject,
      to: [mail.to],
      ...(mail.cc === undefined ? {} : { cc: mail.cc }),
      text: mail.text,
      ...(mail.html === undefined ? {} : { html: mail.html }),
    },
    customer_id: '1',
    friendly_from: mail.from,
    msg_from: mail.from,
    rcpt_to: mail.to,
    webhook_id: webhookId,
    protocol: 'smtp',
  }
}

function headersOf({ from, to, subject, cc }: InboundMail): Headers {
  return [
    ['From', from],
    ['To', to],
    ...(cc === undefined ? [] : [['Cc', cc.join(', ')] as const]),
    ['Subject', subject],
    ['MIME-Version', '1.0'],
  ]
}

/** Of a mail or a part: the headers that tell what it is, and what follows them. */
interface Body {
  readonly headers: Headers
  readonly text: string
}

function bodyOf({ text, html, attachments = [] }: InboundMail): Body {
  const shown =
    html === undefined ? plain('plain', text) : boxed('alternative', [plain('plain', text), plain('html', html)])
  if (attachments.length === 0) return shown
  return boxed('mixed', [
    shown,
    ...attachments.map((one) => ({ headers: attachmentHeaders(one), text: `${inLines(toBase64(one))}\r\n` })),
  ])
}

const plain = (type: string, content: string): Body => ({
  headers: [['Content-Type', `text/${type}; charset=utf-8`]],
  text: `${content}\r\n`,
})

function boxed(type: 'alternative' | 'mixed', parts: readonly Body[]): Body {
  const boundary = `part-of-the-${type}`
  const written = parts.map((part) => `--${boundary}\r\n${writtenPart(part)}`)
  return {
    headers: [['Content-Type', `multipart/${type}; boundary=${boundary}`]],
    text: `${written.join('')}--${boundary}--\r\n`,
  }
}

const writtenPart = ({ headers, text }: Body) => written(headers, text)

function written(headers: Headers, text: string): string {
  return `${headers.map(([name, value]) => `${name}: ${encodedWord(value)}\r\n`).join('')}\r\n${text}`
}

const inLines = (base64: string) => base64.replaceAll(/(.{76})/g, '$1\r\n')
