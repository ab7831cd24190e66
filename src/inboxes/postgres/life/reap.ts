/** Takes the claims of dead processes from them. Every process does this; each dead one is found by one of them. */
import type { Database } from '../db/database.ts'
import { giveBackWithCare } from './give-back.ts'

/**
 * Skips locked rows: their process is claiming, and so lives, or another process reaps it. Nobody could renew while the
 * server was away: after its start each process has the time of a whole lease to do so. A start that is later than now
 * is one before the clock was set back.
 */
const endProcesses = `
  DELETE FROM @process WHERE owner IN (
    SELECT owner FROM @process WHERE owner <> $1::int8 AND until < clock_timestamp()
      AND clock_timestamp() NOT BETWEEN pg_postmaster_start_time() AND pg_postmaster_start_time() + lease_ms * interval '1 ms'
    ORDER BY owner FOR UPDATE SKIP LOCKED)
  RETURNING owner::text`

/**
 * After the clock of the server was set back, dead processes would keep their claims until it is as late again. `until`
 * is never later than a whole lease from now, so a later one is from before: it becomes a whole lease from now. A
 * process that lives renews it.
 */
const endLeap = `
  UPDATE @process SET until = clock_timestamp() + lease_ms * interval '1 ms'
  WHERE until > clock_timestamp() + lease_ms * interval '1 ms'`

/** Owners of claims without a row in `process`: only a row that was deleted by hand leaves any. */
const findStrays = `
  SELECT DISTINCT owner::text FROM (
    SELECT owner FROM @held UNION SELECT owner FROM @under_way UNION SELECT owner FROM @ordering UNION SELECT owner FROM @pass WHERE owner IS NOT NULL) o
  WHERE NOT EXISTS (SELECT 1 FROM @process p WHERE p.owner = o.owner)`

/**
 * Returns how many processes other than this one were found dead. Two statements in one transaction: the second sees
 * claims that were committed while the first waited.
 */
export function reap(db: Database, owner: string): Promise<number> {
  return db.transaction(async (session) => {
    await session.all(endLeap)
    const dead = await session.all<{ owner: string }>(endProcesses, owner)
    if (dead.length > 0)
      await giveBackWithCare(
        session,
        dead.map(({ owner }) => owner),
      )
    return dead.length
  })
}

/** As `reap`, for claims whose owner has no row. Reads all that waits: called at the start, and rarely. */
export function sweep(db: Database): Promise<void> {
  return db.transaction(async (session) => {
    await session.all("SELECT pg_advisory_xact_lock(hashtext('posthorn-sweep:@'))")
    const strays = await session.all<{ owner: string }>(findStrays)
    if (strays.length > 0)
      await giveBackWithCare(
        session,
        strays.map(({ owner }) => owner),
      )
  })
}
