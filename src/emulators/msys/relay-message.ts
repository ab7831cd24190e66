/**
 * An inbound mail, and how a relay webhook hands it on.
 * Source: SparkPost API, Relay Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/relay-webhooks.apib).
 */

export interface InboundMail {
  /** The sender's address, in the envelope and in the header. */
  readonly from: string
  /** The recipient; its domain picks the relay webhook. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  readonly cc?: readonly string[]
}

/** The message as the sender would post it: the mail whole, and again in parts. */
export function relayMessageOf(mail: InboundMail, webhookId: string): Record<string, unknown> {
  const headers = headersOf(mail)
  const raw = rawOf(mail, headers)
  return {
    content: {
      email_rfc822: raw,
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

const BOUNDARY = 'part-of-the-mail'

function headersOf({ from, to, subject, html, cc }: InboundMail): [string, string][] {
  const type = html === undefined ? 'text/plain; charset=utf-8' : `multipart/alternative; boundary=${BOUNDARY}`
  return [
    ['From', from],
    ['To', to],
    ...(cc === undefined ? [] : [['Cc', cc.join(', ')] as [string, string]]),
    ['Subject', subject],
    ['MIME-Version', '1.0'],
    ['Content-Type', type],
  ]
}

function rawOf({ text, html }: InboundMail, headers: readonly [string, string][]): string {
  const head = headers.map(([name, value]) => `${name}: ${encoded(value)}\r\n`).join('')
  if (html === undefined) return `${head}\r\n${text}\r\n`
  return `${head}\r\n${part('plain', text)}${part('html', html)}--${BOUNDARY}--\r\n`
}

const part = (type: string, content: string) =>
  `--${BOUNDARY}\r\nContent-Type: text/${type}; charset=utf-8\r\n\r\n${content}\r\n`

/** An encoded word of RFC 2047 where a header is not ASCII. */
function encoded(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value
  return `=?utf-8?B?${Buffer.from(value).toString('base64')}?=`
}
