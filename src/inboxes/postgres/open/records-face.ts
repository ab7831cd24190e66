import { PosthornError } from '../../../errors.ts'
import type { Listings, Page, Records } from '../../../ports/inbox/records.ts'
import type { Session as Db } from '../db/database.ts'
import { loadOne } from '../log/load.ts'
import { handlersOf, historyOf, latestOf, placeOf } from '../records/history.ts'
import { listDeliveries, listLetters, listQuarantine } from '../records/listing.ts'
import { readAllStats } from '../records/stats.ts'
import type { Opened } from './opened.ts'

/** The face of whoever looks, over the session that is open when it is called. */
export function recordsOf(now: () => Opened): Records {
  return {
    stats: async () => {
      const { session } = await drained(now())
      return readAllStats(session.db, session.own, session.wall.now())
    },
    delivery: async (id) => {
      const { session } = await drained(now())
      const seq = await latestOf(session.db, id)
      const read = seq === null ? null : await loadOne(session.db, seq)
      if (read !== null && 'damage' in read)
        throw new PosthornError('ERR_INBOX_CORRUPT', `Delivery ${id}: ${read.damage}.`)
      return read?.delivery ?? null
    },
    read: async (seq) => {
      const read = await loadOne(now().session.db, seq)
      return read === null || 'damage' in read ? null : read.delivery
    },
    list: async (kind, page) => {
      const { session } = await drained(now())
      // The name pairs the listing with its rows, which is lost on a type parameter.
      return (await LISTINGS[kind](session.db, page)) as never
    },
    history: async (page) => historyOf(now().session.db, page),
    progress: async (id, index) => now().session.db.snapshot((tx) => placeOf(tx, id, index)),
    handlers: async () => handlersOf(now().session.db),
  }
}

/** What was noted and given back before counts. */
async function drained(opened: Opened): Promise<Opened> {
  await opened.drained()
  return opened
}

const LISTINGS: {
  readonly [K in keyof Listings]: (db: Pick<Db, 'all'>, page: Page) => Promise<readonly Listings[K][]>
} = { deliveries: listDeliveries, deadLetters: listLetters, quarantine: listQuarantine }
