/** Which channel an activity is of, and whom it reached there. Private. */
import { textOf } from '../../lib/guards.ts'
import type { Channel } from '../../types.ts'

type Wire = Readonly<Record<string, unknown>>

interface Medium {
  readonly channel: Channel
  /** The address of its kind, as sent; the best first where there may be several. */
  readonly addressIn: (wire: Wire) => string | null
}

const EMAIL: Medium = { channel: 'email', addressIn: (wire) => textOf(wire.email) }
const SMS: Medium = { channel: 'sms', addressIn: (wire) => textOf(wire.sms) }
// The only published Viber example has the number in `sms`.
const VIBER: Medium = { channel: 'viber', addressIn: (wire) => textOf(wire.viber) ?? textOf(wire.sms) }
const WEB_PUSH: Medium = { channel: 'push', addressIn: (wire) => textOf(wire.webpush) }
const MOBILE_PUSH: Medium = { channel: 'push', addressIn: (wire) => textOf(wire.mobilepush) }
const PUSH: Medium = { channel: 'push', addressIn: (wire) => textOf(wire.mobilepush) ?? textOf(wire.webpush) }
const ON_SITE: Medium = { channel: 'web', addressIn: () => null }
const OTHER: Medium = { channel: 'other', addressIn: () => null }

/**
 * By `mediaType` in lower case without spaces and hyphens. docs.yespo.io (June 2025) lists SMS, Email, Web Push, Viber,
 * Mobile Push, AppInbox, Widget, In-App and Telegram, but its examples write email, sms and viber: the wire words of
 * the others are not published.
 */
const MEDIA: ReadonlyMap<string, Medium> = new Map([
  ['email', EMAIL],
  ['sms', SMS],
  ['viber', VIBER],
  ['webpush', WEB_PUSH],
  ['mobilepush', MOBILE_PUSH],
  ['mobpush', MOBILE_PUSH],
  ['push', PUSH],
  ['widget', ON_SITE],
  ['inapp', ON_SITE],
  ['appinbox', ON_SITE],
])

/** The medium of an activity; without `mediaType`, that of the first address there is. */
export function mediumOf(wire: Wire): Medium {
  const word = textOf(wire.mediaType)
  if (word !== null) return MEDIA.get(word) ?? MEDIA.get(word.toLowerCase().replace(/[\s_-]+/g, '')) ?? OTHER
  return [EMAIL, SMS, VIBER, PUSH].find((medium) => medium.addressIn(wire) !== null) ?? OTHER
}
