/** Sources by the name of their sender, to read what is stored of them: nobody is let in by them. */
import { unauthenticated } from '../../auth/index.ts'
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import type { Auth } from '../../ports/auth.ts'
import type { Source } from '../../ports/provider.ts'
import * as list from '../../providers/list.ts'
import type { AnyEvent } from '../../types.ts'

export type Sender = string

export const SENDERS: readonly Sender[] = list.SENDERS.map(({ name }) => name)

export function sourceOf(sender: Sender, auth: Auth = unauthenticated()): Source<AnyEvent> {
  const make = list.SENDERS.find(({ name }) => name === sender)?.sources[sender]
  if (make === undefined) throw new OptionError(`there is no sender ${JSON.stringify(sender)}`)
  return make(auth, 'UTC')
}

/** @throws OptionError for a word that is no sender */
export function senderOf(word: string): Sender {
  // SparkPost's events are Momentum's.
  const found = list.SENDERS.find(({ sources }) => Object.hasOwn(sources, word))
  if (found !== undefined) return found.name
  throw new OptionError(
    `there is no sender ${JSON.stringify(word)}${didYouMean(word, SENDERS) || `; there are ${SENDERS.join(', ')}`}`,
  )
}
