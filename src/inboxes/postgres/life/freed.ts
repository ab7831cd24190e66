/** Tells the process that runs a handler which keys had rows removed without a settlement. */
import type { OrderKey } from '../../../ports/inbox/claims.ts'
import type { Session as Db } from '../db/database.ts'

const write = 'INSERT INTO @freed (handler, key) SELECT * FROM unnest($1::text[], $2::int8[])'
const read = `
  SELECT id, handler, key FROM @freed f
  WHERE EXISTS (SELECT 1 FROM @ordering o WHERE o.handler = f.handler AND o.owner = $1::int8)`
const forget = 'DELETE FROM @freed WHERE id = ANY ($1::int8[])'

export interface RowWithKey {
  readonly handler: string
  readonly order_key: number | null
}

const keysOf = (rows: readonly RowWithKey[]): OrderKey[] =>
  rows.flatMap(({ handler, order_key: key }) => (key === null ? [] : [{ handler, key }]))

/** Stores the keys of rows, in the transaction that removes them. */
export async function noteFreed(tx: Pick<Db, 'all'>, rows: readonly RowWithKey[]): Promise<void> {
  const keys = keysOf(rows)
  if (keys.length === 0) return
  await tx.all(
    write,
    keys.map(({ handler }) => handler),
    keys.map(({ key }) => key),
  )
}

/**
 * Tells this process the freed keys of the handlers that it runs, then deletes them: where the read fails, the next
 * call finds them again. A process that takes a handler over gets all its keys, and needs none of these.
 */
export async function tellFreed(db: Pick<Db, 'all'>, owner: string, tell: (keys: readonly OrderKey[]) => void) {
  const rows = await db.all<OrderKey & { id: number }>(read, owner)
  if (rows.length === 0) return
  tell(rows.map(({ handler, key }) => ({ handler, key })))
  await db.all(
    forget,
    rows.map(({ id }) => id),
  )
}
