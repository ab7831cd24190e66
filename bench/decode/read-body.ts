/**
 * The process half's way through a body, without its pauses and handlers: from the sources, since no entry of the package
 * leads there. What is built from them is the same code, in fewer files.
 */
import { unauthenticated } from '../../src/auth/index.ts'
import { readElement, readSlice } from '../../src/core/read/elements.ts'
import { deliveryFacts, toEvent } from '../../src/core/read/event.ts'
import { Scanner } from '../../src/json/scan.ts'
import { sliceEnd } from '../../src/json/slices.ts'
import { port } from '../../src/lib/symbols.ts'
import type { StoredDelivery } from '../../src/ports/inbox/rows.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import type { ProviderName } from '../bodies/bodies.ts'

const auth = unauthenticated()
const PROVIDERS = {
  momentum: momentum({ auth })[port].provider,
  mailjet: mailjet({ auth })[port].provider,
  esputnik: esputnik({ auth, timeZone: 'UTC' })[port].provider,
} as const satisfies Record<ProviderName, object>

/** As `core/pass.ts`. */
const SCAN_BYTES = 256 << 10
const SLICE_BYTES = 32 << 10

export function scanOnly(name: ProviderName, bytes: Uint8Array): number {
  return scan(bytes, PROVIDERS[name].ids).count
}

/** The number of elements that were read: scanned, parsed, validated, normalised. `make`: made into events too. */
export function readBody(name: ProviderName, bytes: Uint8Array, make: boolean): number {
  const provider = PROVIDERS[name]
  const found = scan(bytes, provider.ids)
  const facts = deliveryFacts(name, delivery(bytes), found.count)
  let count = 0
  for (let from = 0; from < found.count; ) {
    const to = Math.min(sliceEnd(found, from, SLICE_BYTES), found.count)
    const elements = readSlice(bytes, found, from, to)
    for (let index = from; index < to; index++) {
      const reading = readElement(provider, elements[index - from])
      if ('unreadable' in reading) throw new Error(`element ${index} of the body cannot be read`)
      if (!make || toEvent(facts, reading, index).provider === name) count++
    }
    from = to
  }
  return count
}

function scan(bytes: Uint8Array, ids: readonly string[] = []) {
  const scanner = new Scanner(bytes, { ids })
  while (!scanner.advance(SCAN_BYTES));
  const result = scanner.result()
  if ('failure' in result) throw new Error(result.failure)
  return result
}

function delivery(body: Uint8Array): StoredDelivery {
  return {
    ...{ id: 'd_bench', source: 'shop', batchId: null, sha256: new Uint8Array(32), body, receivedAt: Date.now() },
    ...{ headers: [], credential: null, isTest: false, origin: 'wire', undecoded: null, traceparent: null },
    ...{ seq: 1, senderLeft: false, duplicates: 0, events: null },
  }
}
