/** `after` of a listing: the row behind which it goes on, without a look at those before it. */
import { OptionError } from '../../errors.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Listings, Page } from '../../ports/inbox/records.ts'
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
  if (listing === 'deliveries') return there(at, after, await deliveryPlace(inbox, deliveryId))
  const rows = await inbox.records.list('quarantine', { ...of(deliveryId, index), limit: MOST })
  return there(at, after, rows.at(-1)?.id)
}

/** The place in the log of the latest delivery of this id. */
export async function deliveryPlace(inbox: InboxPort, deliveryId: string): Promise<number | undefined> {
  return (await inbox.records.list('deliveries', { ...of(deliveryId), limit: 1 }))[0]?.seq
}

async function letterPlace(inbox: InboxPort, at: string, after: string): Promise<number> {
  const { deliveryId, index, handler, run } = letterOf(at, after)
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

export function there(at: string, after: string, place: number | undefined): number {
  if (place !== undefined) return place
  throw new OptionError(`${at}: ${after} is not there any more; until: goes on by time`)
}
