/** At the opening: where a handler got `orderBy` its rows become unread; where it lost it, they lose their keys. */
import type { InboxOpening } from '../../../ports/inbox/opening.ts'
import { ordersOf } from '../../rules/renames.ts'
import type { Session } from '../db/database.ts'

const readOrdered = 'SELECT ordered FROM @handler WHERE name = $1'
const writeOrdered = 'UPDATE @handler SET ordered = $2 WHERE name = $1'
const makeUnread = 'UPDATE @work SET state = 2 WHERE handler = $1 AND order_key IS NULL AND run IS NULL AND state <> 2'
const setFree = `
  UPDATE @work SET due_at = CASE WHEN state = 0 THEN due_at ELSE $2 END, state = 0, order_key = NULL
  WHERE handler = $1 AND (state <> 0 OR order_key IS NOT NULL)`
const endFreed = 'DELETE FROM @freed WHERE handler = $1'
const readKeys =
  'SELECT DISTINCT handler, order_key AS key FROM @work WHERE order_key IS NOT NULL AND handler = ANY ($1::text[])'

export type ChangedOrder = readonly [name: string, ordered: boolean]

/** The stored handlers that get `orderBy`, or lose it, by the names of before. */
export async function changedOrders(
  session: Session,
  handlers: InboxOpening['handlers'],
): Promise<readonly ChangedOrder[]> {
  const changed: ChangedOrder[] = []
  for (const [name, ordered] of ordersOf(handlers)) {
    const [known] = await session.all<{ ordered: boolean }>(readOrdered, name)
    if ((known?.ordered ?? false) !== ordered) changed.push([name, ordered])
  }
  return changed
}

/** Called before rows are renamed and the handlers registered. */
export async function keepOrder(session: Session, changed: readonly ChangedOrder[], now: number): Promise<void> {
  for (const [name, ordered] of changed)
    if (ordered) await session.all(makeUnread, name)
    else {
      await session.all(setFree, name, now)
      await session.all(endFreed, name)
    }
}

/** Notes which handlers have `orderBy`, once they are registered. */
export async function noteOrder(session: Session, handlers: InboxOpening['handlers']): Promise<void> {
  for (const { name, ordered = false } of handlers) await session.all(writeOrdered, name, ordered)
}

/** The order keys of stored rows of these handlers. */
export function storedKeys(
  db: Pick<Session, 'all'>,
  handlers: readonly string[],
): Promise<readonly { handler: string; key: number }[]> {
  return db.all(readKeys, handlers)
}
