/** The stored handlers: their last use, former names and order, and the handlers that have work. */
import type { InboxOpened, InboxOpening } from '../../../ports/inbox/opening.ts'
import { usedSince } from '../../rules/belonging.ts'
import { renamesOf } from '../../rules/renames.ts'
import type { Database, Session } from '../db/database.ts'
import { carryOver } from './carry-over.ts'
import { changedOrders, keepOrder, noteOrder } from './keep-order.ts'

const lock = 'SELECT 1 FROM @control FOR UPDATE'
/**
 * Waits for the transactions that store rows by the names and orders of before. Who stores some later waits for the end
 * of this one, and reads what it has written.
 */
const lockWork = 'LOCK TABLE @work IN SHARE ROW EXCLUSIVE MODE'
const noteChange = 'UPDATE @control SET handlers_changed = handlers_changed + 1'
const readNames = 'SELECT name FROM @handler'
const see = `
  INSERT INTO @handler (name, seen_at) SELECT DISTINCT coalesce(a.name, n), $2::float8
  FROM unnest($1::text[]) n LEFT JOIN @alias a ON a.former = n
  ON CONFLICT (name) DO UPDATE SET seen_at = greatest(excluded.seen_at, @handler.seen_at)`
const countSettled = `
  SELECT coalesce(sum(s.events), 0)::int8 AS n FROM @settled s
  WHERE NOT EXISTS (SELECT 1 FROM @altered a WHERE a.seq = s.seq AND a.taken)`
const findLeft = `
  SELECT handler AS name, sum(last - first + 1)::int8 AS events FROM @work
  WHERE handler <> ALL ($1::text[]) AND handler NOT IN (
    SELECT unnest(handlers) FROM @process WHERE until > clock_timestamp())
  GROUP BY handler ORDER BY handler`
const findAbsent = 'SELECT name FROM @handler WHERE seen_at > $1 AND name <> ALL ($2::text[]) ORDER BY name'

/**
 * Renames handlers and registers those of this process, with their order. One process at a time, in one transaction.
 */
export function registerHandlers(
  db: Database,
  { handlers }: InboxOpening,
  now: number,
): Promise<InboxOpened['newHandlers']> {
  const own = handlers.map(({ name }) => name)
  return db.transaction(async (session) => {
    await session.all(lock)
    const renames = renamesOf(handlers)
    const changed = await changedOrders(session, handlers)
    if (renames.size + changed.length > 0) await session.all(lockWork)
    await keepOrder(session, changed, now)
    await carryOver(session, own, renames)
    const known = new Set((await session.all<{ name: string }>(readNames)).map(({ name }) => name))
    await seeHandlers(session, own, now)
    await noteOrder(session, handlers)
    await session.all(noteChange)
    const unseen = own.filter((name) => !known.has(name)).sort()
    return unseen.length === 0 ? [] : settledWithout(session, unseen)
  })
}

async function settledWithout(session: Session, names: readonly string[]): Promise<InboxOpened['newHandlers']> {
  const [settled] = await session.all<{ n: number }>(countSettled)
  return names.map((name) => ({ name, settledWithout: settled?.n ?? 0 }))
}

/** Notes that these handlers are in use, under their current names. */
export async function seeHandlers(db: Pick<Session, 'all'>, own: readonly string[], now: number): Promise<void> {
  if (own.length > 0) await db.all(see, own, now)
}

/** Handlers that have work rows and that neither this process nor another living one has; with the number of events. */
export function leftOf(db: Database, own: readonly string[]): Promise<readonly { name: string; events: number }[]> {
  return db.all(findLeft, own)
}

export async function absentOf(db: Database, own: readonly string[], now: number): Promise<readonly string[]> {
  return (await db.all<{ name: string }>(findAbsent, usedSince(now), own)).map(({ name }) => name)
}
