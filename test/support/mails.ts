/** Mails that came in, as SparkPost's relay webhook and Mailjet's Parse API post them. */

export interface MailPart {
  readonly head: readonly string[]
  readonly content: string
}

export const HEAD = ['From: Jo <jo@shop.example>', 'To: help@shop.example', 'Subject: A question', 'MIME-Version: 1.0']

export function multipart(parts: readonly MailPart[], boundary = 'border'): string {
  const written = parts.map(({ head, content }) => `--${boundary}\r\n${head.join('\r\n')}\r\n\r\n${content}\r\n`)
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${written.join('')}--${boundary}--\r\n`
}

export const mail = (rest: string): string => `${HEAD.join('\r\n')}\r\n${rest}`

export const attached = (name: string, content: Uint8Array | string, type = 'application/pdf'): MailPart => ({
  head: [
    `Content-Type: ${type}`,
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
  ],
  content: Buffer.from(content)
    .toString('base64')
    .replaceAll(/(.{76})/g, '$1\r\n'),
})

/** The body of a relay webhook. */
export function relayed(raw: string | Uint8Array, more: object = {}, content: object = {}): string {
  const isText = typeof raw === 'string'
  const whole = {
    email_rfc822: isText ? raw : Buffer.from(raw).toString('base64'),
    email_rfc822_is_base64: !isText,
    headers: [{ From: 'Jo <jo@shop.example>' }, { Received: 'one' }, { Received: 'two' }],
    subject: 'A question',
    to: ['help@shop.example'],
    text: 'Where is it?',
    ...content,
  }
  const relay_message = {
    content: whole,
    friendly_from: 'jo@shop.example',
    msg_from: 'bounces@shop.example',
    rcpt_to: 'help@shop.example',
    webhook_id: '4839201967643219',
    ...more,
  }
  return JSON.stringify([{ msys: { relay_message } }])
}

export const PARSED = {
  Sender: 'bounces@shop.example',
  Recipient: 'help@in.shop.example',
  Date: '20150410T160638',
  From: 'Jo <jo@shop.example>',
  Subject: 'A question',
  Headers: { Received: ['one', 'two'], 'Message-ID': '<1@shop.example>' },
  Parts: [{ Headers: { 'Content-Type': 'text/plain; charset=UTF-8' }, ContentRef: 'Text-part' }],
  'Text-part': 'Where is it?',
  SpamAssassinScore: '0.6',
  CustomID: 'order-7',
  Payload: '{"order":7}',
}
