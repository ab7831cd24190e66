/** Stored deliveries read again by those who look at their events: in slices, so that the event loop gets its turn. */

import { endOf, startOf } from '../../json/slices.ts'
import { ERASED } from '../../json/tombstone.ts'
import { codeOf } from '../../lib/code-of.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import type { Provider, Reading, Unreadable } from '../../ports/provider.ts'
import type { Pacer } from '../base/pacer.ts'
import { readElement, readSlice, scanBody, slices } from './elements.ts'

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

/**
 * Calls `each` for the elements of a stored delivery that were not erased, in order; an aborted signal ends it early.
 * null: the delivery cannot be read as a whole: it is not there, its bytes are damaged or gone, it has no source any
 * more, or no borders.
 */
export async function readAgain(
  parts: ReadParts,
  id: string,
  each: (reading: Reading | Unreadable, index: number, elements: Elements) => void,
  { first = 0, last = Number.POSITIVE_INFINITY, signal, mayHold }: ReadOptions = {},
): Promise<Elements | null> {
  const { pacer } = parts
  const delivery = await undamaged(parts.inbox, id)
  const provider = delivery && parts.provider(delivery.source)
  if (!delivery || !provider || mayHold?.(delivery.body) === false) return null
  const scan = await scanBody(delivery, pacer, provider.ids)
  if (typeof scan === 'string') return null
  const elements = { delivery, provider, count: scan.count }
  const end = Math.min(last + 1, scan.count)
  for (const [from, to] of slices(scan, first, end)) {
    if (signal?.aborted) break
    const bytes = delivery.body.subarray(startOf(scan, from), endOf(scan, to - 1))
    const slice = mayHold?.(bytes) === false ? [] : readSlice(delivery.body, scan, from, to)
    for (const [i, element] of slice.entries())
      if (!isErased(delivery, element)) each(readElement(provider, element), from + i, elements)
    if (pacer.spent()) await pacer.breathe()
  }
  return elements
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
