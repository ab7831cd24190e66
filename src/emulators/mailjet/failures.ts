/** Why a message did not arrive, in Mailjet's words (Event API guide, March 2023, "Possible values for errors"). */
import type { Failure } from '../kit/life-cycle.ts'

interface Cause {
  readonly error_related_to: string
  readonly error: string
}

const CAUSES: Readonly<Record<Failure['kind'], Cause>> = {
  unknown_user: { error_related_to: 'recipient', error: 'user unknown' },
  mailbox_full: { error_related_to: 'recipient', error: 'quota exceeded' },
  dns: { error_related_to: 'domain', error: 'no mail host' },
  timeout: { error_related_to: 'system', error: 'connection issue' },
  spam: { error_related_to: 'spam', error: 'content blocked' },
  // The text in the wrong field, as in a bounce of 2023 (fixture of Symfony's Mailjet bridge).
  blocked: { error_related_to: 'policy issue', error: '' },
  suppressed: { error_related_to: 'mailjet', error: 'preblocked' },
  auto_reply: { error_related_to: '', error: '' },
}

/** A first refusal for now; Mailjet goes on trying. */
const GREYLISTED: Cause = { error_related_to: 'domain', error: 'greylisted' }

export const causeOf = ({ kind }: Failure): Cause => CAUSES[kind]

export function bounceFields({ kind, smtp, text }: Failure, passing: boolean): object {
  return {
    blocked: !passing && kind === 'unknown_user',
    hard_bounce: !passing && smtp >= 500,
    ...(passing ? GREYLISTED : CAUSES[kind]),
    comment: text,
  }
}
