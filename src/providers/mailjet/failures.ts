/** Reads Mailjet's `bounce` and `blocked` events. Private. */
import { flagOf, textOf } from '../../lib/guards.ts'
import type { Bounce, Effect } from '../../types.ts'
import type { Meaning } from '../kit/meaning.ts'
import { smtpReply } from '../kit/smtp-reply.ts'
import { type Cause, causeOf, causeText, isGreylisted } from './causes.ts'

type Wire = Readonly<Record<string, unknown>>

/**
 * A `bounce` is final unless it is a greylisting: Mailjet goes on trying then, so it is `deferred` (as in
 * django-anymail). `hard_bounce` wins over the text of the error; without it (test button) the text decides.
 */
export function readBounce(wire: Wire): Meaning {
  const cause = causeOf(wire)
  const hard = flagOf(wire.hard_bounce)
  const deferred = hard !== true && isGreylisted(wire)
  const bounce = {
    kind: kindOf(cause, hard),
    class: causeText(wire),
    reason: textOf(wire.comment) ?? causeText(wire),
    alreadySuppressed: flagOf(wire.blocked) ?? (cause.advice === 'refused' ? true : null),
  }
  const details = { bounce, smtp: smtpReply(textOf(wire.comment)) }
  return deferred
    ? { type: 'deferred', effect: 'none', details }
    : { type: 'bounced', effect: effectOf(cause, hard), details }
}

/** A `blocked` event has no flags: Mailjet did not try. */
export function readBlocked(wire: Wire): Meaning {
  const cause = causeOf(wire)
  const bounce: Bounce = {
    kind: cause.kind,
    class: causeText(wire),
    reason: causeText(wire),
    alreadySuppressed: cause.advice === 'refused' ? true : null,
  }
  const gone = cause.advice === 'suppress' || cause.advice === 'refused'
  return { type: 'rejected', effect: gone ? 'suppress' : 'none', details: { bounce } }
}

function kindOf(cause: Cause, hard: boolean | null): Bounce['kind'] {
  if (hard === null) return cause.kind
  if (hard) return 'hard'
  return cause.kind === 'hard' || cause.kind === 'undetermined' ? 'soft' : cause.kind
}

// A permanent failure is not always the recipient's: a refused content or sender is left alone even when it is hard
// (the guide asks to look at `hard_bounce` and at `error` before unsubscribing anybody).
function effectOf(cause: Cause, hard: boolean | null): Effect {
  if (cause.advice === 'refused') return 'suppress'
  if (cause.advice === 'none') return 'none'
  return (hard ?? (cause.kind === 'hard' && cause.advice === 'suppress')) ? 'suppress' : 'none'
}
