/** Wakes what is parked behind others of its key. */
import type { OrderKey } from '../../../ports/inbox/claims.ts'
import { toWake } from '../../rules/order.ts'
import type { Session as Db } from '../db/database.ts'

const readKey = `
  SELECT id, seq, state = 1 AS "isParked" FROM @work WHERE handler = $1 AND order_key = $2
  ORDER BY seq, first LIMIT $3 FOR UPDATE`
const setDue = 'UPDATE @work SET state = 0, due_at = $2 WHERE id = ANY ($1::int8[])'

/** Answers the keys that have rows at all. */
export async function wake(
  tx: Db,
  keys: readonly OrderKey[],
  atMost: number,
  now: number,
): Promise<readonly OrderKey[]> {
  const found: OrderKey[] = []
  for (const one of keys) {
    const rows = await tx.all<{ id: number; seq: number; isParked: boolean }>(
      readKey,
      one.handler,
      one.key,
      Math.max(1, atMost),
    )
    if (rows.length > 0) found.push(one)
    const ids = toWake(rows, atMost).map(({ id }) => id)
    if (ids.length > 0) await tx.all(setDue, ids, now)
  }
  return found
}
