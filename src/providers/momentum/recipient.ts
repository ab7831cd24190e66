/** Who an event is about, and on which channel. Private. */

import type { Channel } from '../../types.ts'
import type { Slots } from '../kit/slots.ts'
import { F } from './validate.generated.ts'
import { wordOf } from './wire.ts'

/** As sent: the mail address in its original case, the phone number, the push token. */
export function recipientOf(channel: Channel, slots: Slots): string | null {
  const own = channel === 'email' ? null : wordOf(slots[channel === 'sms' ? F.sms_dst : F.device_token])
  return own ?? wordOf(slots[F.raw_rcpt_to]) ?? wordOf(slots[F.rcpt_to]) ?? shortMessageTo(slots)
}

/**
 * How it goes out decides; without that, fields that mail does not have (captures, 2016 to 2019). The vendor's samples
 * carry the fields of all channels at once.
 */
export function channelOf(name: string, slots: Slots): Channel {
  if (name === 'momentum.sms_status') return 'sms'
  switch (slots[F.delv_method]) {
    case 'esmtp':
      return 'email'
    case 'apn':
    case 'gcm':
      return 'push'
    case 'smpp':
      return 'sms'
  }
  if (wordOf(slots[F.device_token]) !== null) return 'push'
  return wordOf(slots[F.sms_dst]) !== null || slots[F.protocol] === 'smpp' ? 'sms' : 'email'
}

/** Relay webhooks for short messages name the destination `to` (SparkPost Enterprise, Oct 2016). */
function shortMessageTo(slots: Slots): string | null {
  return slots[F.protocol] === 'smpp' ? wordOf(slots[F.to]) : null
}
