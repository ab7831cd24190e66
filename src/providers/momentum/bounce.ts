/** What a refusal means: bounce classes, SMTP codes, effects. Private. */

import type { Bounce, EventClient, Smtp } from '../../types.ts'
import type { Meaning } from '../kit/meaning.ts'
import type { Slots } from '../kit/slots.ts'
import { enhancedCode } from './enhanced-code.ts'
import { F } from './validate.generated.ts'
import { wordOf } from './wire.ts'

type Kind = Bounce['kind']

/**
 * The vendor's table (SparkPost support docs, bounce classification, Aug 2026; the same in Momentum's manual), without
 * the four classes that are no bounces: 60, 80, 90, 100.
 */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['1', 'undetermined'],
  ['10', 'hard'],
  ['20', 'soft'],
  ['21', 'soft'],
  ['22', 'soft'],
  ['23', 'soft'],
  ['24', 'soft'],
  ['25', 'admin'],
  ['30', 'hard'],
  ['40', 'soft'],
  ['50', 'block'],
  ['51', 'block'],
  ['52', 'block'],
  ['53', 'block'],
  ['54', 'block'],
  ['70', 'soft'],
])

/** A mail is no client: the address on a bounce is that of the receiving host. */
const NO_CLIENT: EventClient = Object.freeze({ ip: null, country: null, region: null, city: null })
const AUTORESPONDED: Meaning = Object.freeze({ type: 'autoresponded', effect: 'none', details: null })
const SUBSCRIBED: Meaning = Object.freeze({ type: 'subscribed', effect: 'none', details: null })
const UNSUBSCRIBED: Meaning = Object.freeze({
  type: 'unsubscribed',
  effect: 'unsubscribe',
  details: Object.freeze({ userAgent: null, client: NO_CLIENT }),
})

/** `bounce` and `out_of_band`: the class decides what it is. Classes 10 and 30 ask for suppression (vendor's advice). */
export function readBounce(slots: Slots): Meaning {
  switch (wordOf(slots[F.bounce_class])) {
    case '60':
    case '100':
      return AUTORESPONDED
    case '80':
      return SUBSCRIBED
    case '90':
      return UNSUBSCRIBED
  }
  const bounce = bounceOf(slots)
  const effect = bounce.kind === 'hard' ? 'suppress' : 'none'
  return { type: 'bounced', effect, details: { bounce, smtp: smtpOf(slots) } }
}

export function readDelay(slots: Slots): Meaning {
  return { type: 'deferred', effect: 'none', details: { bounce: bounceOf(slots), smtp: smtpOf(slots) } }
}

/** `policy_rejection` and `generation_rejection`: the platform's own rules, class 25 since Aug 2016. */
export function readRejection(slots: Slots): Meaning {
  const bounce = bounceOf(slots)
  return {
    type: 'rejected',
    effect: 'none',
    details: { bounce: bounce.class === null ? { ...bounce, kind: 'admin' } : bounce },
  }
}

function bounceOf(slots: Slots): Bounce {
  const bounceClass = wordOf(slots[F.bounce_class])
  const [reason, rawReason] = [wordOf(slots[F.reason]), wordOf(slots[F.raw_reason])]
  return {
    kind: (bounceClass !== null && KINDS.get(bounceClass)) || 'undetermined',
    class: bounceClass,
    reason: reason ?? rawReason,
    alreadySuppressed: saysSuppressed(reason) || saysSuppressed(rawReason) ? true : null,
  }
}

/**
 * The vendor's texts for a recipient on the account's list or on its own (SparkPost support docs, suppression lists). No
 * remote host writes them, and rejections came without a class until Aug 2016 (SparkPost changelog).
 */
const SUPPRESSED = /suppressed due to (?:customer|system) policy/i

const saysSuppressed = (text: string | null): boolean => text !== null && SUPPRESSED.test(text)

function smtpOf(slots: Slots): Smtp | null {
  const text = wordOf(slots[F.raw_reason]) ?? wordOf(slots[F.reason])
  const code = replyCode(wordOf(slots[F.error_code]))
  return text === null && code === null ? null : { code, enhanced: text && enhancedCode(text), text }
}

// Push services have codes of their own.
function replyCode(text: string | null): number | null {
  return text !== null && /^[2-5]\d\d$/.test(text) ? Number(text) : null
}
