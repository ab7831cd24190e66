/** What stands behind the samples: for each kind of body its provider, its samples, and what is new in each. Private. */
import { unauthenticated } from '../auth/index.ts'
import { hinted } from '../core/handlers/patterns.ts'
import { OptionError } from '../errors.ts'
import { port } from '../lib/symbols.ts'
import type { Provider } from '../ports/provider.ts'
import type { SampleSet } from '../providers/kit/sender.ts'
import * as list from '../providers/list.ts'

export interface Sender extends SampleSet {
  readonly provider: Provider
}

const auth = unauthenticated()

const SENDERS: readonly Sender[] = list.SENDERS.flatMap(({ samples }) =>
  samples.map((set) => ({ ...set, provider: set.source(auth, 'UTC')[port].provider })),
)

/** Every native name there is a sample of. */
export const NAMES: readonly string[] = SENDERS.flatMap(({ samples }) => Object.keys(samples))

/** @throws OptionError (ERR_PATTERN) with the nearest name */
export function senderOf(name: string): Sender {
  const sender = SENDERS.find(({ samples }) => Object.hasOwn(samples, name))
  if (sender !== undefined) return sender
  const words = { providers: SENDERS.map(({ provider }) => provider), patterns: new Set(NAMES) }
  throw new OptionError(`there is no event called ${hinted(words, name)}`, 'ERR_PATTERN')
}

export function senderNamed(provider: string): Sender | undefined {
  return SENDERS.find((sender) => sender.provider.name === provider)
}
