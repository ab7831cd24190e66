/** Wakes rows that are parked behind others of their key. */
import type { OrderKey } from '../../../ports/inbox/claims.ts'
import { toWake } from '../../rules/order.ts'
import type { Session as Db } from '../db/database.ts'
import { ownOrders } from './orders.ts'
import { isAlive } from './process.ts'

const readKey = `
  SELECT id, seq, state = 1 AS "isParked" FROM @work WHERE handler = $1 AND order_key = $2
  ORDER BY seq, first LIMIT $3 FOR UPDATE`
/** Rows of a handler that was renamed meanwhile have its new name: its key is still taken. */
const readNames = `
  SELECT n AS former, coalesce((SELECT a.name FROM @alias a WHERE a.former = n), n) AS name FROM unnest($1::text[]) n`
const setDue = 'UPDATE @work SET state = 0, due_at = $2 WHERE id = ANY ($1::int8[])'

/** As `Ordering.wake`, for handlers that this process runs: of others it does not know what is parked. */
export async function wake(
  tx: Db,
  owner: string,
  keys: readonly OrderKey[],
  atMost: number,
  now: number,
): Promise<readonly OrderKey[]> {
  const found: OrderKey[] = []
  if (!(await isAlive(tx, owner))) return found
  const asked = [...new Set(keys.map(({ handler }) => handler))]
  const names = await tx.all<{ former: string; name: string }>(readNames, asked)
  const mine = new Set(await ownOrders(tx, owner, [...new Set(names.map(({ name }) => name))]))
  const nameOf = new Map(names.flatMap(({ former, name }) => (mine.has(name) ? [[former, name] as const] : [])))
  for (const one of keys) {
    const name = nameOf.get(one.handler)
    if (name === undefined) continue
    const rows = await tx.all<{ id: number; seq: number; isParked: boolean }>(
      readKey,
      name,
      one.key,
      Math.max(1, atMost),
    )
    if (rows.length > 0) found.push(one)
    const ids = toWake(rows, atMost).map(({ id }) => id)
    if (ids.length > 0) await tx.all(setDue, ids, now)
  }
  return found
}
