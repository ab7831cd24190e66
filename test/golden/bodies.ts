/** From a body to its events, as the process half makes them, at a fixed time. */
import { createHash } from 'node:crypto'
import { readElement, readSlice } from '../../src/core/read/elements.ts'
import { deliveryFacts, toEvent } from '../../src/core/read/event.ts'
import { deliveryId } from '../../src/core/receive/identity.ts'
import { Scanner } from '../../src/json/scan.ts'
import { port } from '../../src/lib/symbols.ts'
import type { StoredDelivery } from '../../src/ports/inbox/rows.ts'
import type { Source, Unreadable } from '../../src/ports/provider.ts'
import type { AnyEvent } from '../../src/types.ts'

const RECEIVED_AT = Date.UTC(2026, 5, 1, 12)

/** The events of a body all of whose elements can be read. */
export function eventsOf(source: Source<AnyEvent>, text: string): AnyEvent[] {
  return readBody(source, Buffer.from(text)).map((one, index) => {
    if ('unreadable' in one) throw new Error(`element ${index}: ${one.unreadable} at ${one.path}`)
    return one
  })
}

/** In the place of an element that cannot be read, why. */
export function readBody(source: Source<AnyEvent>, bytes: Uint8Array): (AnyEvent | Unreadable)[] {
  const { provider } = source[port]
  const scanner = new Scanner(bytes, { ids: provider.ids ?? [] })
  while (!scanner.advance(bytes.length));
  const scan = scanner.result()
  if ('failure' in scan) throw new Error(scan.failure)
  const facts = deliveryFacts(provider.name, delivery(provider.name, bytes), scan.count)
  return readSlice(bytes, scan, 0, scan.count).map((element, index) => {
    const reading = readElement(provider, element)
    return 'unreadable' in reading ? reading : toEvent(facts, reading, index)
  })
}

function delivery(source: string, body: Uint8Array): Omit<StoredDelivery, 'body'> {
  const sha256 = createHash('sha256').update(body).digest()
  const batchId = source === 'momentum' ? 'a-batch' : null
  return {
    id: deliveryId(source, batchId, sha256),
    source,
    batchId,
    sha256,
    receivedAt: RECEIVED_AT,
    headers: [],
    credential: null,
    isTest: false,
    origin: 'wire',
    undecoded: null,
    traceparent: null,
    seq: 1,
    senderLeft: false,
    duplicates: 0,
    events: null,
  }
}
