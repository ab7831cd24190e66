/** At the opening: rows of handlers that have an order now are unread, those of handlers without one keep none. */
import type { InboxOpening } from '../../../ports/inbox/opening.ts'
import { ordersOf } from '../../rules/renames.ts'
import type { Session } from '../db/database.ts'

const readOrdered = 'SELECT ordered FROM @handler WHERE name = $1'
const writeOrdered = 'UPDATE @handler SET ordered = $2 WHERE name = $1'
const makeUnread = 'UPDATE @work SET state = 2 WHERE handler = $1 AND order_key IS NULL AND run IS NULL AND state <> 2'
const setFree = `
  UPDATE @work SET due_at = CASE WHEN state = 0 THEN due_at ELSE $2 END, state = 0, order_key = NULL
  WHERE handler = $1 AND (state <> 0 OR order_key IS NOT NULL)`
const readKeys =
  'SELECT DISTINCT handler, order_key AS key FROM @work WHERE order_key IS NOT NULL AND handler = ANY ($1::text[])'

/** Before rows are renamed and the handlers registered. */
export async function keepOrder(session: Session, handlers: InboxOpening['handlers'], now: number): Promise<void> {
  for (const [name, ordered] of ordersOf(handlers)) {
    const [known] = await session.all<{ ordered: boolean }>(readOrdered, name)
    if ((known?.ordered ?? false) === ordered) continue
    if (ordered) await session.all(makeUnread, name)
    else await session.all(setFree, name, now)
  }
}

/** As `keepOrder`, once they are registered. */
export async function noteOrder(session: Session, handlers: InboxOpening['handlers']): Promise<void> {
  for (const { name, ordered = false } of handlers) await session.all(writeOrdered, name, ordered)
}

/** Keys that rows of these handlers are stored under. */
export function heldKeys(
  db: Pick<Session, 'all'>,
  handlers: readonly string[],
): Promise<readonly { handler: string; key: number }[]> {
  return db.all(readKeys, handlers)
}
