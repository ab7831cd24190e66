/** Reads what an UNDELIVERED activity says about its failure. Private. */
import { flagOf, textOf } from '../../lib/guards.ts'
import type { Bounce, Channel, Smtp } from '../../types.ts'
import type { Meaning } from '../kit/meaning.ts'
import { smtpReply } from '../kit/smtp-reply.ts'

type Wire = Readonly<Record<string, unknown>>

/**
 * Permanent failures that speak of the address itself: other address status, bad mailbox, bad system, bad syntax,
 * moved (RFC 3463 section 3.2), null MX (RFC 7505 section 4.2), mailbox disabled (RFC 3463 section 3.3). The rest of
 * 5.x.x speaks of a full mailbox, the message, the network, the protocol or the sender.
 */
const ADDRESS_GONE: ReadonlySet<string> = new Set(['5.1.0', '5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1'])

/**
 * `statusDescription` is free text: an SMTP answer, or a code of the platform (`IM_NO_MONEY`) or of an SMS or Viber
 * provider (`401: null`), which say nothing about permanence. `hardBounce` does not either: it says that the contact
 * stood on the block list of the platform at that moment (docs.yespo.io "Webhooks for Tracking Activity", June 2025:
 * a domain that does not exist comes with false).
 */
export function readUndelivered(wire: Wire, channel: Channel): Meaning {
  const reason = textOf(wire.statusDescription)
  const smtp = channel === 'email' ? smtpReply(reason) : null
  const bounce = { kind: kindOf(smtp), class: null, reason, alreadySuppressed: flagOf(wire.hardBounce) }
  const gone = smtp?.enhanced != null && ADDRESS_GONE.has(smtp.enhanced)
  return { type: 'bounced', effect: gone ? 'suppress' : 'none', details: { bounce, smtp } }
}

/** 5.7.x is a refusal by security or policy (RFC 3463 section 3.8): the vendor's example is a spam rejection. */
function kindOf(smtp: Smtp | null): Bounce['kind'] {
  const enhanced = smtp?.enhanced ?? ''
  if (enhanced.startsWith('5.7.')) return 'block'
  if (enhanced.startsWith('5.')) return 'hard'
  return enhanced.startsWith('4.') ? 'soft' : 'undetermined'
}
