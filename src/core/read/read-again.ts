/** Stored deliveries read again by those who look at their events: in slices, so that the event loop gets its turn. */

import type { Scan } from '../../json/scan.ts'
import { endOf, startOf } from '../../json/slices.ts'
import { ERASED } from '../../json/tombstone.ts'
import { codeOf } from '../../lib/code-of.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import type { Provider, Reading, Unreadable } from '../../ports/provider.ts'
import type { Pacer } from '../base/pacer.ts'
import { Broken, readElement, readSlice, scanBody, slices } from './elements.ts'

export interface ReadParts {
  readonly inbox: InboxPort
  readonly pacer: Pacer
  provider(source: string): Provider | undefined
}

export interface ReadOptions {
  /** Only these elements; both inclusive. Default: all. */
  readonly first?: number
  readonly last?: number
  readonly signal?: AbortSignal | undefined
  /** A delivery, or a slice of it, that it says false of is not read. Default: all are. */
  mayHold?(body: Uint8Array): boolean
}

export interface Elements {
  readonly delivery: StoredDelivery
  readonly provider: Provider
  /** Number of elements. */
  readonly count: number
}

type Each = (reading: Reading | Unreadable, index: number, elements: Elements) => void

/**
 * Calls `each` for the elements of a stored delivery that were not erased, in order; an aborted signal ends it early.
 * null: the delivery cannot be read as a whole: it is not there, its bytes are damaged or gone, it has no source any
 * more, or no borders.
 */
export async function readAgain(
  parts: ReadParts,
  id: string,
  each: Each,
  { first = 0, last = Number.POSITIVE_INFINITY, signal, mayHold }: ReadOptions = {},
): Promise<Elements | null> {
  const { pacer } = parts
  const stored = await scanned(parts, id, mayHold)
  if (stored === null) return null
  const { scan, elements } = stored
  for (const slice of slices(scan, first, Math.min(last + 1, scan.count))) {
    if (signal?.aborted) break
    readOne(stored, slice, each, mayHold)
    if (pacer.spent()) await pacer.breathe()
  }
  return elements
}

/**
 * As `readAgain`, from the last slice to the first: yields what `each` makes of the elements of one slice, in their order.
 * Who asks for no more has no more parsed.
 */
export async function* readBackwards<T>(
  parts: ReadParts,
  id: string,
  each: (reading: Reading | Unreadable, index: number, elements: Elements) => T | null,
  { first = 0, last = Number.POSITIVE_INFINITY, signal, mayHold }: ReadOptions = {},
): AsyncGenerator<readonly T[]> {
  const { pacer } = parts
  const stored = await scanned(parts, id, mayHold)
  if (stored === null) return
  const { scan } = stored
  for (const slice of [...slices(scan, first, Math.min(last + 1, scan.count))].reverse()) {
    if (signal?.aborted) return
    const made: T[] = []
    const add: Each = (...read) => {
      const one = each(...read)
      if (one !== null) made.push(one)
    }
    readOne(stored, slice, add, mayHold)
    if (pacer.spent()) await pacer.breathe()
    yield made
  }
}

/** These elements of a stored delivery, as JSON has them; those that are none, or were erased, are left out. */
export async function parsedElements(
  parts: ReadParts,
  id: string,
  indexes: readonly number[],
): Promise<ReadonlyMap<number, unknown>> {
  const found = new Map<number, unknown>()
  const stored = await scanned(parts, id, undefined)
  if (stored === null) return found
  const { scan, elements } = stored
  for (const index of indexes) {
    if (index >= scan.count) continue
    const [element] = readSlice(elements.delivery.body, scan, index, index + 1)
    if (!(element instanceof Broken) && !isErased(elements.delivery, element)) found.set(index, element)
    if (parts.pacer.spent()) await parts.pacer.breathe()
  }
  return found
}

interface Scanned {
  readonly scan: Scan
  readonly elements: Elements
}

async function scanned(parts: ReadParts, id: string, mayHold: ReadOptions['mayHold']): Promise<Scanned | null> {
  const delivery = await undamaged(parts.inbox, id)
  const provider = delivery && parts.provider(delivery.source)
  if (!delivery || !provider || mayHold?.(delivery.body) === false) return null
  const scan = await scanBody(delivery, parts.pacer, provider.ids)
  return typeof scan === 'string' ? null : { scan, elements: { delivery, provider, count: scan.count } }
}

function readOne(
  { scan, elements }: Scanned,
  [from, to]: readonly [number, number],
  each: Each,
  mayHold: ReadOptions['mayHold'],
): void {
  const { delivery, provider } = elements
  if (mayHold?.(delivery.body.subarray(startOf(scan, from), endOf(scan, to - 1))) === false) return
  for (const [i, element] of readSlice(delivery.body, scan, from, to).entries())
    if (!isErased(delivery, element)) each(readElement(provider, element), from + i, elements)
}

const isErased = ({ kept }: StoredDelivery, element: unknown) => kept === 'some' && element === ERASED

/** Bytes that are not those accepted are no reason to stop looking at others. */
async function undamaged(inbox: InboxPort, id: string): Promise<StoredDelivery | null> {
  try {
    return await inbox.records.delivery(id)
  } catch (error) {
    if (codeOf(error) === 'ERR_INBOX_CORRUPT') return null
    throw error
  }
}
