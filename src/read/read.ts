/** Bodies read into events, as a receiver reads them. Private. */

import { readElement, readSlice, scanAtOnce, slices } from '../core/read/elements.ts'
import { deliveryFacts, toEvent } from '../core/read/event.ts'
import { batchIdOf, headersOf, headersOfRecord } from '../core/receive/body-rules.ts'
import { deliveryId, isProbe } from '../core/receive/identity.ts'
import { SOURCE_NAME } from '../core/receive/route.ts'
import { OptionError } from '../errors.ts'
import type { Scan } from '../json/scan.ts'
import { digestBytes } from '../lib/digest.ts'
import { keysOf, kindOf, knownKeys } from '../lib/options.ts'
import type { StoredDelivery } from '../ports/inbox/rows.ts'
import type { Provider, Source } from '../ports/provider.ts'
import type { AnyEvent } from '../types.ts'
import { type HeadersLike, toRawHeaders } from './headers.ts'
import { portOf } from './source.ts'

export interface ReadOptions {
  /** The name that a receiver would know the source by: it is `event.source`, and part of every id. Default: its provider. */
  readonly source?: string
  /** Those of the request, for the sender's batch id: it is part of every id too, and tells test batches. Default: none. */
  readonly headers?: HeadersLike
  /** When the body came in. Default: now. */
  readonly receivedAt?: Date
}

export interface ReadResult<E> {
  /** In the order of their elements; `event.delivery.index` says which. */
  readonly events: readonly E[]
  /** What no event could be made of. A receiver puts it into quarantine. */
  readonly unreadable: readonly UnreadableElement[]
}

type EventOfSource<S> = S extends Source<infer E> ? E : never

export interface UnreadableElement {
  /** Of the element in the body; null: the whole body. */
  readonly index: number | null
  /** One sentence, without anything of the body; of bytes that are not JSON or not UTF-8 it says at which offset. */
  readonly reason: string
  /** Where in the element, as a JSON pointer; null where that cannot be said. */
  readonly at: string | null
}

/**
 * Reads a body as a receiver would: the same events with the same ids, when source and headers are the same. Nothing is
 * stored, nobody is asked for credentials: see `verify`. An element that is not UTF-8, not JSON, or not as its sender
 * documents it is unreadable alone; a body whose elements cannot be told apart, as a whole. A probe, and an empty body,
 * has no events.
 *
 * `body` is what came in, after the content coding: bytes, or their text. A body that was parsed has lost the digits of
 * identifiers.
 * @example
 * const { events, unreadable } = read(momentum({ auth }), await readFile('body.json'))
 * @throws OptionError for what is no source, no body or no option
 */
export function read<S extends Source<AnyEvent>>(
  source: S,
  body: Uint8Array | ArrayBuffer | string,
  options: ReadOptions = {},
): ReadResult<EventOfSource<S>> {
  const { provider } = portOf('read', source)
  const bytes = bytesOf(body)
  const delivery = deliveryOf(provider, bytes, options)
  if (isProbe(bytes, provider.probes)) return { events: [], unreadable: [] }
  const scan = scanAtOnce(bytes, provider.ids)
  if (typeof scan === 'string') return { events: [], unreadable: [{ index: null, reason: scan, at: null }] }
  // Which events a source has is known from its type alone.
  return readAll(provider, delivery, scan) as ReadResult<EventOfSource<S>>
}

const KEYS = keysOf<ReadOptions>({ source: true, headers: true, receivedAt: true })

function bytesOf(body: Uint8Array | ArrayBuffer | string): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  throw new OptionError(`read: the body must be bytes or text, as it came in, got ${kindOf(body)}`)
}

function deliveryOf(provider: Provider, body: Uint8Array, options: ReadOptions): StoredDelivery {
  knownKeys('read: the options', options, KEYS)
  const { source = provider.name, headers = [], receivedAt = new Date() } = options
  if (typeof source !== 'string' || !SOURCE_NAME.test(source))
    throw new OptionError('read: source must be the name of a source: a-z, 0-9, _ and -')
  if (!(receivedAt instanceof Date) || Number.isNaN(receivedAt.getTime()))
    throw new OptionError('read: receivedAt must be a Date')
  const picked = headersOf(toRawHeaders(headers), provider.batchIdHeader)
  const batchId = batchIdOf(picked, provider.batchIdHeader)
  const isTest = batchId !== null && provider.testBatchIds.has(batchId)
  const sha256 = digestBytes(body)
  return {
    id: deliveryId(source, isTest ? receivedAt.getTime() : batchId, sha256),
    ...{ source, batchId, sha256, body, isTest, receivedAt: receivedAt.getTime() },
    headers: headersOfRecord(picked, provider.batchIdHeader),
    ...{
      credential: null,
      origin: 'wire',
      undecoded: null,
      traceparent: null,
      seq: 0,
      senderLeft: false,
      duplicates: 0,
      events: null,
    },
  }
}

function readAll(provider: Provider, delivery: StoredDelivery, scan: Scan): ReadResult<AnyEvent> {
  const facts = deliveryFacts(provider.name, delivery, scan.count)
  const events: AnyEvent[] = []
  const unreadable: UnreadableElement[] = []
  for (const [index, element] of elementsOf(delivery.body, scan)) {
    const reading = readElement(provider, element)
    if ('unreadable' in reading) unreadable.push({ index, reason: reading.unreadable, at: reading.path })
    else events.push(toEvent(facts, reading, index))
  }
  return { events, unreadable }
}

/** Slice by slice, since a broken element has its slice parsed one by one. */
function* elementsOf(body: Uint8Array, scan: Scan): Generator<[index: number, element: unknown]> {
  for (const [from, to] of slices(scan))
    for (const [i, element] of readSlice(body, scan, from, to).entries()) yield [from + i, element]
}
