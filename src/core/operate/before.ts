/** Where a listing goes on: the place of the row that its page before ended with. */
import { OptionError } from '../../errors.ts'
import { shown } from '../../lib/options.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Listings } from '../../ports/inbox/records.ts'
import { eventOrDelivery } from './ids.ts'

/** More rows of quarantine than one delivery has with its own place in the listing. */
const MOST = 1_001

/** An id; of a dead letter with the handler behind a blank, since an event has one for each handler. */
export function rowId(at: string, before: unknown): { deliveryId: string; index?: number; handler?: string } {
  const text = typeof before === 'string' ? before : ''
  const blank = text.indexOf(' ')
  if (blank < 0) return eventOrDelivery(at, before)
  return { ...eventOrDelivery(at, text.slice(0, blank)), handler: text.slice(blank + 1) }
}

/** @throws OptionError when it is not there any more */
export async function placeOf(inbox: InboxPort, kind: keyof Listings, before: string): Promise<number> {
  const { index, ...of } = rowId('before', before)
  const page = { ...of, before: null, limit: kind === 'quarantine' ? MOST : 1 }
  if (kind === 'quarantine') {
    const rows = await inbox.records.list(kind, page)
    return place(rows.find((row) => row.index === (index ?? null))?.id, before)
  }
  if (kind === 'deliveries') return place((await inbox.records.list(kind, page))[0]?.seq, before)
  return place((await inbox.records.list(kind, index === undefined ? page : { ...page, index }))[0]?.id, before)
}

function place(found: number | undefined, before: string): number {
  if (found !== undefined) return found
  throw new OptionError(`before: nothing is listed as ${shown(before)} any more`)
}
