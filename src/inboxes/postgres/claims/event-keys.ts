/** Keys of events: which delivery owns each, in slices of time. */
import type { EventKeys, Reservation } from '../../../ports/inbox/event-keys.ts'
import { oldestCounted, oldestSlice, sliceOf, widthOf } from '../../rules/key-slices.ts'
import type { Database, Session } from '../db/database.ts'

type Db = Pick<Session, 'all'>

/** A key that is stored keeps its owner. Inserts in the order of the keys, so that there are no deadlocks. */
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
/** Lists the slices by the index, from one to the next, without reading their keys. */
const FOUND = `
  WITH RECURSIVE found(slice) AS (
    (SELECT slice FROM @event_key WHERE width = $1 AND slice >= $2 ORDER BY slice LIMIT 1)
    UNION ALL
    SELECT (SELECT k.slice FROM @event_key k WHERE k.width = $1 AND k.slice > found.slice ORDER BY k.slice LIMIT 1)
    FROM found WHERE found.slice IS NOT NULL)`
const readSlices = `${FOUND}
  SELECT slice FROM found WHERE slice IS NOT NULL`

/**
 * Inserts the keys that have no owner, in their order, so that there are no deadlocks. Where another process inserts a
 * key at the same time, the statement waits for it and cannot see it: the key comes back as null. Does not wait for the
 * disk: the settlement of the delivery does, and a reservation that a crash of the server loses is made again. Deletes
 * expired keys, at most two for each key asked about.
 */
const reserveKeys = `${FOUND},
  asked AS MATERIALIZED (
    SELECT t.high, t.low, t.o,
      (SELECT k.seq FROM @event_key k WHERE k.width = $1 AND k.slice = ANY (ARRAY(SELECT slice FROM found WHERE slice IS NOT NULL))
        AND k.high = t.high AND k.low = t.low ORDER BY k.slice LIMIT 1) AS known
    FROM unnest($3::int8[], $4::int8[]) WITH ORDINALITY t(high, low, o)),
  made AS (
    INSERT INTO @event_key (width, slice, high, low, seq)
    SELECT DISTINCT ON (high) $1::int8, $5::int8, high, low, $6::int8 FROM asked WHERE known IS NULL ORDER BY high, o
    ON CONFLICT DO NOTHING RETURNING high, low),
  expired AS (
    DELETE FROM @event_key WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM @event_key WHERE width = $1 AND slice < $2 LIMIT $7 FOR UPDATE SKIP LOCKED))),
  quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS off)
  SELECT coalesce(a.known, CASE WHEN m.high IS NOT NULL THEN $6::int8 END) AS seq
  FROM quick, asked a LEFT JOIN made m ON m.high = a.high AND m.low = a.low
  WHERE quick.off IS NOT NULL ORDER BY a.o`
const lockSlices = "SELECT pg_advisory_xact_lock(hashtext('posthorn-keys:@'))"

/** How far the clocks of two processes, and the beginning and end of a statement, are apart at most. */
const NEAR_MS = 60_000

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

/** Deletes keys that the delivery owns: those that another delivery has taken over since stay. */
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

/**
 * As `EventKeyStore.reserve`. Of two processes that reserve a key at once, one inserts it: the primary key sees to
 * that, but only within a slice. Where one slice ends and the next begins, processes reserve one after the other.
 */
export async function reserve(
  db: Database,
  { windowMs, keys, seq }: Reservation,
  now: number,
  isSteady: boolean,
): Promise<readonly number[]> {
  const width = widthOf(windowMs)
  const [highs, lows] = columns(keys)
  const oldest = oldestCounted(width, now, isSteady)
  const make = (session: Db) =>
    session.all<{ seq: number | null }>(
      reserveKeys,
      width,
      oldest,
      highs,
      lows,
      sliceOf(width, now),
      seq,
      2 * highs.length,
    )
  const isNear = sliceOf(width, now - NEAR_MS) !== sliceOf(width, now + NEAR_MS)
  const made = isNear
    ? await db.transaction(async (tx) => {
        await tx.all(lockSlices)
        return make(tx)
      })
    : await make(db)
  const owners = made.map((one) => one.seq)
  if (!owners.includes(null)) return owners as number[]
  // null: another process has inserted the key meanwhile, or a key with the same `high` is stored: then it has no
  // owner.
  const visible = await ownersOf(db, { windowMs, keys }, now, isSteady)
  return owners.map((owner, at) => owner ?? visible[at] ?? 0)
}

function columns(keys: Float64Array): [highs: number[], lows: number[]] {
  const columns: [number[], number[]] = [[], []]
  for (let at = 0; at + 1 < keys.length; at += 2) {
    columns[0].push(keys[at] ?? 0)
    columns[1].push(keys[at + 1] ?? 0)
  }
  return columns
}
