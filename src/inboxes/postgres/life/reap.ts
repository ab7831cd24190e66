/** Takes from processes that are gone what they had under claim. Every process does it; what one takes the others do not find. */
import type { Database } from '../db/database.ts'
import { giveBackWithCare } from './give-back.ts'

/** Rows that somebody has locked are passed over: their process claims, and so lives, or another reaps it. */
const endProcesses = `
  DELETE FROM @process WHERE owner IN (
    SELECT owner FROM @process WHERE until < clock_timestamp() ORDER BY owner FOR UPDATE SKIP LOCKED)
  RETURNING owner::text`

/** Owners without a row: nothing leaves any, but for a row that somebody deleted by hand. */
const findStrays = `
  SELECT DISTINCT owner::text FROM (
    SELECT owner FROM @held UNION SELECT owner FROM @under_way UNION SELECT owner FROM @pass WHERE owner IS NOT NULL) o
  WHERE NOT EXISTS (SELECT 1 FROM @process p WHERE p.owner = o.owner)`

/**
 * Answers how many processes were found dead. Two statements in one transaction: the second sees the claims of those that
 * had locked their row while the first waited.
 */
export function reap(db: Database): Promise<number> {
  return db.transaction(async (session) => {
    const dead = await session.all<{ owner: string }>(endProcesses)
    if (dead.length > 0)
      await giveBackWithCare(
        session,
        dead.map(({ owner }) => owner),
      )
    return dead.length
  })
}

/** As `reap`, for claims that nobody has. Reads all that waits: at the start, and rarely. */
export function sweep(db: Database): Promise<void> {
  return db.transaction(async (session) => {
    await session.all("SELECT pg_advisory_xact_lock(hashtext('posthorn-sweep'))")
    const strays = await session.all<{ owner: string }>(findStrays)
    if (strays.length > 0)
      await giveBackWithCare(
        session,
        strays.map(({ owner }) => owner),
      )
  })
}
