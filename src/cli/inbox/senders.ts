/** Sources by the name of their sender, to read what is stored of them: nobody is let in by them. */
import { unauthenticated } from '../../auth/index.ts'
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import type { Auth } from '../../ports/auth.ts'
import type { Source } from '../../ports/provider.ts'
import { esputnik } from '../../providers/esputnik/index.ts'
import { mailjet } from '../../providers/mailjet/index.ts'
import { momentum } from '../../providers/momentum/index.ts'
import type { AnyEvent } from '../../types.ts'

/** SparkPost's events are Momentum's. */
export const SENDERS = ['momentum', 'mailjet', 'esputnik'] as const
export type Sender = (typeof SENDERS)[number]

const CREATE: Readonly<Record<Sender, (auth: Auth) => Source<AnyEvent>>> = {
  momentum: (auth) => momentum({ auth }),
  mailjet: (auth) => mailjet({ auth }),
  esputnik: (auth) => esputnik({ auth, timeZone: 'UTC' }),
}

export function sourceOf(sender: Sender, auth: Auth = unauthenticated()): Source<AnyEvent> {
  return CREATE[sender](auth)
}

/** @throws OptionError for a word that is no sender */
export function senderOf(word: string): Sender {
  const found = SENDERS.find((sender) => sender === (word === 'sparkpost' ? 'momentum' : word))
  if (found !== undefined) return found
  throw new OptionError(
    `there is no sender ${JSON.stringify(word)}${didYouMean(word, SENDERS) || `; there are ${SENDERS.join(', ')}`}`,
  )
}
