/** The provider behind the sources of Momentum and SparkPost, and how a source is made of it. Private. */

import { port } from '../../lib/symbols.ts'
import type { Auth } from '../../ports/auth.ts'
import type { Provider, Reading, Source } from '../../ports/provider.ts'
import type { MetadataSchema, WithMetadata } from '../../types.ts'
import { classesOf, namesAndTypes } from '../kit/catalogue.ts'
import { withMetadata } from '../kit/metadata.ts'
import { checkSourceOptions, type MetadataOptions, type SourceOptions } from '../kit/source-options.ts'
import { catalogue } from './catalogue.ts'
import { fingerprints } from './fingerprint.ts'
import { nameOf } from './natives.ts'
import { read } from './normalise.ts'
import type { MomentumEvent } from './payloads.generated.ts'

/** S: the schema of metadata; `never` without one. */
export interface MomentumOptions<S extends MetadataSchema = never> extends SourceOptions<Auth>, MetadataOptions<S> {}

/** Momentum's time limit (Momentum support docs, Aug 2026). */
const MOMENTUM_MS = 6_000

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
  classes: classesOf(catalogue),
  aliases: Object.freeze(['sparkpost']),
  nameOf,
  read,
  fingerprints,
  // The From header and the envelope sender. Who writes to us is the person a relayed message is about.
  ownFields: ({ name }: Reading) => (name.startsWith('momentum.relay_') ? [] : OWN_FIELDS),
})

/** Those of a factory; what is absent is left to the receiver. */
interface Defaults {
  readonly ackWithinMs: number
  readonly ackLimitMs: number
  readonly bodyBytes: number
  readonly bodyMs: number
}

export function sourceOf<S extends MetadataSchema>(
  factory: string,
  options: MomentumOptions<S>,
  { ackWithinMs, ackLimitMs = MOMENTUM_MS, bodyBytes, bodyMs }: Partial<Defaults>,
): Source<WithMetadata<MomentumEvent, S>> {
  const limits = checkSourceOptions(factory, options, ['metadata'])
  const { auth, metadata } = options
  return Object.freeze({
    provider: provider.name,
    [port]: Object.freeze({
      ...{ provider: withMetadata(provider, metadata), auth },
      ...limits,
      ackLimitMs,
      ackWithinMs: limits.ackWithinMs ?? ackWithinMs ?? null,
      bodyBytes: limits.bodyBytes ?? bodyBytes ?? null,
      bodyMs: limits.bodyMs ?? bodyMs ?? null,
    }),
  })
}
