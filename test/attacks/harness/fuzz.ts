/** Broken bodies from a seed, and the reading of a body without a receiver around it. */
import { readElement, readSlice, scanBody } from '../../../src/core/read/elements.ts'
import { deliveryFacts, toEvent } from '../../../src/core/read/event.ts'
import { sliceEnd } from '../../../src/json/slices.ts'
import type { StoredDelivery } from '../../../src/ports/inbox/rows.ts'
import type { Provider } from '../../../src/ports/provider.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { between, type Random } from '../../faults/harness/random.ts'

/** Bytes that mean something to a scanner stand in as often as any others. */
const TELLING = Buffer.from('"\\{}[],:0e+-. \n\t\0\x80\xff', 'latin1')

/** A copy with one to four bytes changed, taken out, doubled, or swapped for telling ones. */
export function flipped(bytes: Uint8Array, random: Random): Buffer {
  const below = (count: number) => between(random, 0, count - 1)
  let result: Buffer = Buffer.from(bytes)
  for (let times = between(random, 1, 4); times > 0 && result.length > 0; times--) {
    const at = below(result.length)
    const way = below(5)
    if (way === 0) result[at] = below(256)
    else if (way === 1) result[at] = TELLING[below(TELLING.length)]!
    else if (way === 2) result[at]! ^= 1 << below(8)
    else if (way === 3) result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1)])
    else result = Buffer.concat([result.subarray(0, at), result.subarray(below(at + 1))])
  }
  return result
}

const patient = { spent: () => false, breathe: () => Promise.resolve() }

export interface Read {
  /** Why the whole body cannot be read; null when it can. */
  readonly failure: string | null
  /** One for each element: its event, or why it has none. */
  readonly elements: readonly (AnyEvent | string)[]
}

/** What the process half makes of a body, up to the door of the handlers. */
export async function read(provider: Provider, body: Uint8Array): Promise<Read> {
  const delivery = { ...EMPTY, body }
  const scan = await scanBody(delivery, patient, provider.ids)
  if (typeof scan === 'string') return { failure: scan, elements: [] }
  const facts = deliveryFacts(provider.name, delivery, scan.count)
  const elements: (AnyEvent | string)[] = []
  for (let from = 0; from < scan.count; ) {
    const to = scan.deep.has(from) ? from + 1 : sliceEnd(scan, from, 32 << 10)
    for (const element of readSlice(body, scan, from, to)) {
      const reading = readElement(provider, element)
      elements.push('unreadable' in reading ? reading.unreadable : toEvent(facts, reading, elements.length))
    }
    from = to
  }
  return { failure: null, elements: scan.count === elements.length ? elements : ['elements were lost'] }
}

const EMPTY: StoredDelivery = {
  seq: 1,
  id: 'd_fuzz',
  source: 'shop',
  batchId: null,
  sha256: new Uint8Array(32),
  body: new Uint8Array(),
  receivedAt: 1_780_000_000_000,
  headers: [],
  credential: null,
  isTest: false,
  origin: 'wire',
  undecoded: null,
  traceparent: null,
  senderLeft: false,
  duplicates: 0,
  events: null,
}
