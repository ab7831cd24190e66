/** Keys of events: which delivery has each, in slices of time. */
import type { EventKeys } from '../../../ports/inbox/event-keys.ts'
import { oldestCounted, oldestSlice, sliceOf, widthOf } from '../../rules/key-slices.ts'
import type { Session } from '../db/database.ts'

type Db = Pick<Session, 'all'>

/** What is known already stays with its delivery. In the order of the keys: that forbids deadlocks. */
const insertKeys = `
  INSERT INTO @event_key (width, slice, high, low, seq)
  SELECT DISTINCT ON (t.high) $1::int8, $2::int8, t.high, t.low, $5::int8 FROM unnest($3::int8[], $4::int8[]) t(high, low) ORDER BY t.high
  ON CONFLICT DO NOTHING`
const deleteExpired = 'DELETE FROM @event_key WHERE width = $1 AND slice < $2'
const deleteKeys = `
  DELETE FROM @event_key k USING unnest($2::int8[], $3::int8[]) t(high, low)
  WHERE k.width = $1 AND k.high = t.high AND k.low = t.low AND k.seq = $4`
const findOwners = `
  SELECT (SELECT k.seq FROM @event_key k WHERE k.width = $1 AND k.slice = ANY ($4::int8[]) AND k.high = t.high AND k.low = t.low
    ORDER BY k.slice LIMIT 1) AS seq
  FROM unnest($2::int8[], $3::int8[]) WITH ORDINALITY t(high, low, o) ORDER BY t.o`
/** From slice to slice by the index, never over its keys. */
const readSlices = `
  WITH RECURSIVE found(slice) AS (
    (SELECT slice FROM @event_key WHERE width = $1 AND slice >= $2 ORDER BY slice LIMIT 1)
    UNION ALL
    SELECT (SELECT k.slice FROM @event_key k WHERE k.width = $1 AND k.slice > found.slice ORDER BY k.slice LIMIT 1)
    FROM found WHERE found.slice IS NOT NULL)
  SELECT slice FROM found WHERE slice IS NOT NULL`

export async function writeKeys(
  db: Db,
  { windowMs, at, keys }: EventKeys,
  seq: number,
  isSteady: boolean,
): Promise<void> {
  const width = widthOf(windowMs)
  if (isSteady) await db.all(deleteExpired, width, oldestSlice(width, at))
  const [highs, lows] = columns(keys)
  await db.all(insertKeys, width, sliceOf(width, at), highs, lows, seq)
}

/** Those of the delivery: what another has taken over since stays its own. */
export async function forgetKeys(db: Db, windowMs: number, keys: Float64Array, seq: number): Promise<void> {
  await db.all(deleteKeys, widthOf(windowMs), ...columns(keys), seq)
}

export async function ownersOf(
  db: Db,
  { windowMs, keys }: Pick<EventKeys, 'windowMs' | 'keys'>,
  now: number,
  isSteady: boolean,
): Promise<readonly number[]> {
  const width = widthOf(windowMs)
  const oldest = oldestCounted(width, now, isSteady)
  const slices = (await db.all<{ slice: number }>(readSlices, width, oldest)).map(({ slice }) => slice)
  const rows = await db.all<{ seq: number | null }>(findOwners, width, ...columns(keys), slices)
  return rows.map(({ seq }) => seq ?? 0)
}

function columns(keys: Float64Array): [highs: number[], lows: number[]] {
  const columns: [number[], number[]] = [[], []]
  for (let at = 0; at + 1 < keys.length; at += 2) {
    columns[0].push(keys[at] ?? 0)
    columns[1].push(keys[at + 1] ?? 0)
  }
  return columns
}
