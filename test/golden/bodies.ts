/** From the text of a body to its events, as the process half makes them, at a fixed time. */
import { createHash } from 'node:crypto'
import { deliveryFacts, toEvent } from '../../src/core/read/event.ts'
import { deliveryId } from '../../src/core/receive/identity.ts'
import { Scanner } from '../../src/json/scan.ts'
import { parseElements } from '../../src/json/slices.ts'
import { port } from '../../src/lib/symbols.ts'
import type { StoredDelivery } from '../../src/ports/inbox/rows.ts'
import type { Source } from '../../src/ports/provider.ts'
import type { AnyEvent } from '../../src/types.ts'

const RECEIVED_AT = Date.UTC(2026, 5, 1, 12)

export function eventsOf(source: Source<AnyEvent>, text: string): AnyEvent[] {
  const { provider } = source[port]
  const bytes = Buffer.from(text)
  const scanner = new Scanner(bytes, { ids: provider.ids ?? [] })
  while (!scanner.advance(bytes.length));
  const scan = scanner.result()
  if ('failure' in scan) throw new Error(scan.failure)
  const facts = deliveryFacts(provider.name, delivery(provider.name, bytes), scan.count)
  return parseElements(bytes, scan, 0, scan.count).map((element, index) => {
    const reading = provider.read(element)
    if ('unreadable' in reading) throw new Error(`element ${index}: ${reading.unreadable} at ${reading.path}`)
    return toEvent(facts, reading, index)
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
    seq: 1,
    senderLeft: false,
    duplicates: 0,
    events: null,
  }
}
