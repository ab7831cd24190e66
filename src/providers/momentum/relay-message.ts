/** The mail in a relay webhook. Private. */
import { flagOf, isObject, textOf } from '../../lib/guards.ts'
import { Mail } from '../kit/inbound-mail.ts'
import type { Meaning } from '../kit/meaning.ts'
import { attachmentsOf, stepsOf, stepsOfText } from '../kit/mime.ts'
import type { Slots } from '../kit/slots.ts'
import { F } from './validate.generated.ts'

/** A short message has no content (SparkPost Enterprise, SMS relay, Oct 2016). */
export function readRelayMessage(slots: Slots): Meaning {
  const content = slots[F.content]
  return { type: 'inbound', effect: 'none', details: { mail: isObject(content) ? mailOf(content, slots) : null } }
}

function mailOf(content: Content, slots: Slots): Mail {
  const to = textOf(slots[F.rcpt_to])
  return new Mail(
    {
      from: textOf(slots[F.friendly_from]),
      envelopeFrom: textOf(slots[F.msg_from]),
      envelopeTo: to === null ? [] : [to],
      subject: textOf(content.subject),
      text: textOf(content.text),
      html: textOf(content.html),
      headers: headersOf(content.headers),
    },
    { raw: () => rawOf(content), attachments: () => attachmentsOf(() => rawSteps(content)) },
  )
}

type Content = Readonly<Record<string, unknown>>

function rawOf(content: Content): Buffer | null {
  const { email_rfc822 } = content
  if (typeof email_rfc822 !== 'string') return null
  return Buffer.from(email_rfc822, isBase64(content) ? 'base64' : 'utf8')
}

function rawSteps(content: Content): Iterable<Buffer> {
  const { email_rfc822 } = content
  if (typeof email_rfc822 === 'string' && !isBase64(content)) return stepsOfText(email_rfc822)
  return stepsOf(rawOf(content) ?? NOTHING)
}

/** Where the mail has a byte that is not UTF-8 (SparkPost developer documentation, relay webhooks, mid-2026). */
const isBase64 = ({ email_rfc822_is_base64 }: Content) => flagOf(email_rfc822_is_base64) === true

const NOTHING = Buffer.alloc(0)

/** Each an object with one key. */
function headersOf(headers: unknown): [string, string][] {
  if (!Array.isArray(headers)) return []
  return headers.flatMap((header) =>
    isObject(header)
      ? Object.entries(header).flatMap(([name, value]): [string, string][] =>
          typeof value === 'string' ? [[name, value]] : [],
        )
      : [],
  )
}
