/** Who an event is about, and on which channel. Private. */
import type { Channel } from '../../types.ts'
import type { NormalisedType } from '../kit/catalogue.ts'
import type { Slots } from '../kit/slots.ts'
import { F } from './validate.generated.ts'
import { wordOf } from './wire.ts'

/** As sent: the mail address in its original case, the phone number, the push token. */
export function recipientOf(channel: Channel, slots: Slots): string | null {
  const own = channel === 'email' ? null : wordOf(slots[channel === 'sms' ? F.sms_dst : F.device_token])
  return own ?? envelopeOf(slots) ?? shortMessageTo(slots)
}

/**
 * How it goes out decides, then how it came in, then an envelope recipient that is a mail address, then fields that mail
 * does not have (captures, 2016 to 2019): the vendor's samples carry the fields of all channels at once, and those of an
 * injection do not say how it goes out. What is left is mail, save for what is about no message: A/B tests, ingestion,
 * adaptive delivery, and what nobody knows.
 */
export function channelOf(type: NormalisedType, slots: Slots): Channel {
  if (type === 'message_status') return 'sms'
  switch (slots[F.delv_method]) {
    case 'esmtp':
      return 'email'
    case 'apn':
    case 'gcm':
      return 'push'
    case 'smpp':
      return 'sms'
  }
  if (slots[F.protocol] === 'smpp') return 'sms'
  const envelope = envelopeOf(slots)
  if (envelope !== null && MAIL_ADDRESS.test(envelope)) return 'email'
  if (wordOf(slots[F.device_token]) !== null) return 'push'
  if (wordOf(slots[F.sms_dst]) !== null) return 'sms'
  return envelope === null && (type === 'system' || type === 'unknown') ? 'other' : 'email'
}

const MAIL_ADDRESS = /[^@]@[^@]/

const envelopeOf = (slots: Slots): string | null => wordOf(slots[F.raw_rcpt_to]) ?? wordOf(slots[F.rcpt_to])

/** Relay webhooks for short messages name the destination `to` (SparkPost Enterprise, Oct 2016). */
function shortMessageTo(slots: Slots): string | null {
  return slots[F.protocol] === 'smpp' ? wordOf(slots[F.to]) : null
}
