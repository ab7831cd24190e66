/**
 * SparkPost's webhooks: exported as `posthorn/sparkpost`. SparkPost is Momentum in the cloud and sends the same events, so
 * the provider is `momentum`, and events are called `momentum.click` and so on.
 */
import type { Source } from '../../ports/provider.ts'
import type { MetadataSchema, WithMetadata } from '../../types.ts'
import type { MomentumEvent } from './payloads.generated.ts'
import { type MomentumOptions, sourceOf } from './source.ts'

export { field } from '../../lib/field.ts'
export type * from './payloads.generated.ts'
export type { MomentumOptions as SparkpostOptions } from './source.ts'

/**
 * A source for the webhooks of SparkPost's cloud. The same provider as `momentum`, so its events are `momentum.click`
 * and so on.
 *
 * @example
 * createReceiver({ inbox, sources: { shop: sparkpost({ auth: token({ env: 'SPARKPOST_TOKEN' }) }) } })
 * @throws OptionError for an auth that is none, a limit that is no number of bytes, or a schema that is none or not
 * synchronous.
 */
export function sparkpost<S extends MetadataSchema = never>(
  options: MomentumOptions<S>,
): Source<WithMetadata<MomentumEvent, S>> {
  // The cloud gives up after 10 s, Momentum after 6 (SparkPost and Momentum support docs, Aug 2026).
  return sourceOf('sparkpost', options, { ackWithinMs: 8_000, ackLimitMs: 10_000 })
}
