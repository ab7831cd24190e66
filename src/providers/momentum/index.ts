/** Momentum's and SparkPost's webhooks, one provider: exported as `posthorn/momentum`. */

import { port } from '../../lib/symbols.ts'
import type { Auth } from '../../ports/auth.ts'
import type { Provider, Reading, Source } from '../../ports/provider.ts'
import { namesAndTypes } from '../kit/catalogue.ts'
import { checkSourceOptions, type SourceOptions } from '../kit/source-options.ts'
import { catalogue } from './catalogue.ts'
import { fingerprint } from './fingerprint.ts'
import { read } from './normalise.ts'
import type { MomentumEvent } from './payloads.generated.ts'

export { field } from '../../lib/field.ts'
export type * from './payloads.generated.ts'

export type MomentumOptions = SourceOptions<Auth>

const OWN_FIELDS: readonly string[] = Object.freeze(['friendly_from', 'msg_from'])

const provider: Provider = Object.freeze({
  name: 'momentum',
  // The test POST on creating a webhook or changing its target; the bare object from older senders (SparkPost developer
  // documentation, webhooks, validate).
  probes: Object.freeze(['[]', '[{"msys":{}}]', '{"msys":{}}']),
  answersGet: false,
  batchIdHeader: 'x-messagesystems-batch-id',
  // Fixed in the vendor's API for test and validate requests (SparkPost 2web2ui, webhook test tab).
  testBatchIds: new Set(['77c2b630-d712-11e4-9642-efc2723b99c1']),
  catalogue: namesAndTypes('momentum', catalogue),
  read,
  fingerprint,
  // The From header and the envelope sender. Who writes to us is the person a relayed message is about.
  ownFields: ({ name }: Reading) => (name.startsWith('momentum.relay_') ? [] : OWN_FIELDS),
})

/**
 * A source for the webhooks of Momentum and SparkPost Elite: event webhooks and relay webhooks alike. Momentum signs
 * nothing; it sends a token or headers of your choice.
 *
 * @example
 * createReceiver({ inbox, sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) } })
 * @throws OptionError for an auth that is none, or a limit that is no number of bytes.
 */
export function momentum(options: MomentumOptions): Source<MomentumEvent> {
  return sourceOf('momentum', options, null)
}

/**
 * A source for the webhooks of SparkPost's cloud. The same provider as `momentum`, so its events are `momentum.click`
 * and so on.
 *
 * @throws OptionError for an auth that is none, or a limit that is no number of bytes.
 */
export function sparkpost(options: MomentumOptions): Source<MomentumEvent> {
  // The cloud gives up after 10 s, Momentum after 6 (SparkPost and Momentum support docs, Aug 2026).
  return sourceOf('sparkpost', options, 8_000)
}

function sourceOf(factory: string, options: MomentumOptions, ackWithinMs: number | null): Source<MomentumEvent> {
  const limits = checkSourceOptions(factory, options)
  return Object.freeze({
    provider: provider.name,
    [port]: Object.freeze({ provider, auth: options.auth, ...limits, ackWithinMs: limits.ackWithinMs ?? ackWithinMs }),
  })
}
