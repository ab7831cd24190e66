/** `after` of a listing: the row behind which it goes on, without a look at those before it. */
import { OptionError } from '../../errors.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Listings, Page } from '../../ports/inbox/records.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import { eventId, eventOrDelivery } from './ids.ts'

/** Of one delivery; nobody has more handlers and elements in one. */
const MOST = 100_000

export interface Placed {
  readonly after?: string
  readonly ids?: readonly string[]
}

/** What the rows of a listing are named by. */
export function isPlaceIn(listing: keyof Listings | 'events'): (at: string, value: unknown) => void {
  return (at, value) => {
    if (listing !== 'deadLetters') eventOrDelivery(at, value)
    else letterOf(at, value)
  }
}

/** `before` of the first page. @throws OptionError when nothing of that name is there any more */
export async function placeOf(inbox: InboxPort, listing: keyof Listings, filter: Placed): Promise<number | null> {
  const { after, ids } = filter
  if (after === undefined) return null
  const at = `inbox.${listing}: after`
  if (ids !== undefined && ids.length !== 1) throw new OptionError(`${at} does not go with several ids`)
  if (listing === 'deadLetters') return letterPlace(inbox, at, after)
  const { deliveryId, index } = eventOrDelivery(at, after)
  const { seq } = await deliveryAt(inbox, at, deliveryId)
  if (listing === 'deliveries') return seq
  const rows = await inbox.records.list('quarantine', { ...of(deliveryId, index), limit: MOST })
  return there(at, after, rows.at(-1)?.id)
}

/**
 * The delivery of an id that stands in the log once. In one log an id stands twice only where 128 bits of two SHA-256 are
 * equal; in several shards, where a source has moved more than once between two repeats. Behind the later one, a walk that
 * has come to the earlier one would begin again and never end; behind the earlier one, it would pass rows over.
 * @throws OptionError where nobody can say behind which of them
 */
export async function deliveryAt(inbox: InboxPort, at: string, deliveryId: string): Promise<StoredDelivery> {
  const [row, other] = await inbox.records.list('deliveries', { ...of(deliveryId), limit: 2 })
  if (other !== undefined) throw new OptionError(`${at}: ${deliveryId} stands in the log twice; until: goes on by time`)
  return there(at, deliveryId, row)
}

async function letterPlace(inbox: InboxPort, at: string, after: string): Promise<number> {
  const { deliveryId, index, handler, run } = letterOf(at, after)
  await deliveryAt(inbox, at, deliveryId)
  const rows = await inbox.records.list('deadLetters', { ...of(deliveryId, index), handler, limit: MOST })
  return there(at, after, rows.findLast((row) => row.run === run)?.id)
}

interface Letter {
  readonly deliveryId: string
  readonly index: number
  readonly handler: string
  /** null: of its first run. */
  readonly run: string | null
}

/** As `letterName` writes it. */
function letterOf(at: string, value: unknown): Letter {
  const [, event, run = null, handler] = (typeof value === 'string' && LETTER.exec(value)) || []
  if (handler === undefined) throw new OptionError(`${at}: expected an event and its handler, such as d_….0/warehouse`)
  return { ...eventId(at, event), handler, run }
}

const LETTER = /^([^/@]+)(?:@(r_[a-z2-7]+))?\/(.+)$/s

const of = (deliveryId: string, index?: number): Omit<Page, 'limit'> => ({ before: null, deliveryId, index })

function there<T>(at: string, after: string, place: T | undefined): T {
  if (place !== undefined) return place
  throw new OptionError(`${at}: ${after} is not there any more; until: goes on by time`)
}
