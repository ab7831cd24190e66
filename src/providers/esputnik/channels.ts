/** Which channel an activity is of, and whom it reached there. Private. */
import { textOf } from '../../lib/guards.ts'
import type { Channel } from '../../types.ts'

type Wire = Readonly<Record<string, unknown>>

interface Medium {
  readonly channel: Channel
  /** The fields that may hold the address, the best first. */
  readonly addresses: readonly string[]
}

const EMAIL: Medium = { channel: 'email', addresses: ['email'] }
const SMS: Medium = { channel: 'sms', addresses: ['sms'] }
// The only published Viber example has the number in `sms`.
const VIBER: Medium = { channel: 'viber', addresses: ['viber', 'sms'] }
const PUSH: Medium = { channel: 'push', addresses: ['mobilepush', 'webpush'] }
const ON_SITE: Medium = { channel: 'web', addresses: [] }
const OTHER: Medium = { channel: 'other', addresses: [] }

/**
 * By `mediaType` in lower case without spaces and hyphens. docs.yespo.io (June 2025) lists SMS, Email, Web Push, Viber,
 * Mobile Push, AppInbox, Widget, In-App and Telegram, but its examples write email, sms and viber: the wire words of
 * the others are not published.
 */
const MEDIA: ReadonlyMap<string, Medium> = new Map([
  ['email', EMAIL],
  ['sms', SMS],
  ['viber', VIBER],
  ['webpush', { channel: 'push', addresses: ['webpush'] }],
  ['mobilepush', { channel: 'push', addresses: ['mobilepush'] }],
  ['mobpush', { channel: 'push', addresses: ['mobilepush'] }],
  ['push', PUSH],
  ['widget', ON_SITE],
  ['inapp', ON_SITE],
  ['appinbox', ON_SITE],
])

/** The medium of an activity; without `mediaType`, that of the first address there is. */
export function mediumOf(wire: Wire): Medium {
  const word = textOf(wire.mediaType)
  if (word !== null) return MEDIA.get(word) ?? MEDIA.get(word.toLowerCase().replace(/[\s_-]+/g, '')) ?? OTHER
  return [EMAIL, SMS, VIBER, PUSH].find((medium) => recipientOf(wire, medium) !== null) ?? OTHER
}

/** The address the activity gives for its medium, as sent. */
export function recipientOf(wire: Wire, medium: Medium): string | null {
  for (const address of medium.addresses) {
    const recipient = textOf(wire[address])
    if (recipient !== null) return recipient
  }
  return null
}
