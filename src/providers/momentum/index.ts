/** Momentum's and SparkPost's webhooks, one provider: exported as `posthorn/momentum`. */
import type { Source } from '../../ports/provider.ts'
import type { MetadataSchema, WithMetadata } from '../../types.ts'

import type { MomentumEvent } from './payloads.generated.ts'
import { type MomentumOptions, sourceOf } from './source.ts'

export { field } from '../../lib/field.ts'
export type * from './payloads.generated.ts'
export { type MomentumRelayEvent, momentumRelay } from './relay.ts'
export type { MomentumOptions } from './source.ts'
export { sparkpost } from './sparkpost.ts'

/**
 * A source for the webhooks of Momentum and SparkPost Elite: event webhooks and relay webhooks alike. Momentum signs
 * nothing; it sends a token or headers of your choice.
 *
 * @example
 * createReceiver({ inbox, sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) } })
 * @throws OptionError for an auth that is none, a limit that is no number of bytes, or a schema that is none or not
 * synchronous.
 */
export function momentum<S extends MetadataSchema = never>(
  options: MomentumOptions<S>,
): Source<WithMetadata<MomentumEvent, S>> {
  return sourceOf('momentum', options, {})
}
