import { randomUUID } from 'node:crypto'
import { deliveryFacts, toEvent } from '../core/read/event.ts'
import { deliveryId } from '../core/receive/identity.ts'
import { SOURCE_NAME } from '../core/receive/route.ts'
import { OptionError } from '../errors.ts'
import { digestBytes } from '../lib/digest.ts'
import { isObject } from '../lib/guards.ts'
import { keysOf, kindOf, knownKeys, shown } from '../lib/options.ts'
import type { StoredDelivery } from '../ports/inbox/rows.ts'
import type { Fields } from '../providers/kit/samples.ts'
import type { KnownEvent, KnownName, PayloadOf, TypeOf } from './known.ts'
import { type Sample, sampleOf } from './sample.ts'

export interface SampleOptions<T extends string> {
  /** The normalised type, for names that can have several: picks the sample and is checked against the result. */
  readonly as?: T
  /** The source it came to. Default: the name of the provider. */
  readonly source?: string
}

/**
 * An event as a handler gets it: our own sample of the sender's wire with fresh ids and times, `payload` over it, read
 * and normalised by the same code as a delivery. It is the only element of its delivery, so its id ends in `.0`.
 * Identifiers are given as in `event.payload`: as text. eSputnik's times are written in UTC.
 *
 * @example
 * await suppress(sampleEvent('momentum.bounce', { bounce_class: '10' }, { as: 'bounced' }), handlerContext())
 * @throws OptionError when there is no such name, type or source name, or when the payload makes another event of it
 */
export function sampleEvent<const N extends KnownName, const T extends TypeOf<N> = TypeOf<N>>(
  name: N,
  payload: Partial<PayloadOf<N>> = {},
  options: SampleOptions<T> = {},
): Extract<KnownEvent, { name: N; type: T }> {
  assertName(name)
  if (!isObject(payload)) throw new OptionError(`sampleEvent: the payload must be an object, got ${kindOf(payload)}`)
  knownKeys('sampleEvent: the options', options, KEYS)
  const sample = sampleOf(name, payload as Fields, options.as)
  const { source = sample.sender.provider.name } = options
  if (typeof source !== 'string' || !SOURCE_NAME.test(source))
    throw new OptionError(`sampleEvent: source must be the name of a source, got ${shown(source)}`)
  const delivery = deliveryOf(sample, source)
  const event = toEvent(deliveryFacts(sample.sender.provider.name, delivery, 1), sample.reading, 0)
  // Name and, where `as` is given, type were compared with what the provider read.
  return event as unknown as Extract<KnownEvent, { name: N; type: T }>
}

const KEYS = keysOf<SampleOptions<string>>({ as: true, source: true })

function assertName(name: unknown): void {
  if (typeof name !== 'string')
    throw new OptionError(`sampleEvent takes the name of an event first, such as 'momentum.click', got ${kindOf(name)}`)
}

/** The delivery that would have brought it: with a batch id where the sender has one. */
function deliveryOf({ sender, text }: Sample, source: string): Omit<StoredDelivery, 'body'> {
  const sha256 = digestBytes(Buffer.from(`[${text}]`))
  const batchId = sender.provider.batchIdHeader === null ? null : randomUUID()
  return {
    id: deliveryId(source, batchId, sha256),
    source,
    batchId,
    sha256,
    receivedAt: Date.now(),
    headers: [],
    credential: null,
    isTest: false,
    origin: 'test',
    undecoded: null,
    traceparent: null,
    seq: 1,
    senderLeft: false,
    duplicates: 0,
    events: null,
  }
}
