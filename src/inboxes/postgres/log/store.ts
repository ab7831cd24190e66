/** Stores deliveries, many in one statement, and counts repeats. */
import type { Database, Session } from '../db/database.ts'
import { packMeta, packText } from './meta.ts'
import type { Stored, Waiting } from './waiting.ts'

/**
 * Rows are inserted in the order of their hashes: that forbids deadlocks. A repeat takes no number. Look-ups are scalar
 * subselects with LIMIT 1: no plan made for an empty table can be a scan. All bodies are one value, because values in a
 * list travel as text.
 */
const storeGroup = `
  WITH asked AS MATERIALIZED (
    SELECT t.*, substr($1::bytea, ((o - 1) * 32 + 1)::int4, 32) AS sha
    FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::int4[], $10::int2[], $11::int4[],
      $12::int4[], $13::int4[], $14::bool[], $15::text[]) WITH ORDINALITY
      t(hash, id, source, batch_id, received_at, meta, size, coding, off, len, times, is_test, credential, o)),
  numbered AS MATERIALIZED (
    SELECT a.*, CASE WHEN known IS NULL THEN nextval('@delivery_seq') END AS n
    FROM (SELECT b.*, (SELECT k.seq FROM @key k WHERE k.hash = b.hash LIMIT 1) AS known FROM asked b OFFSET 0) a),
  keyed AS (
    INSERT INTO @key AS k (hash, seq, sha256, duplicates)
    SELECT hash, coalesce(known, n), sha, times - 1 FROM numbered ORDER BY hash
    ON CONFLICT (hash) DO UPDATE SET duplicates = k.duplicates + excluded.duplicates + 1 WHERE k.sha256 = excluded.sha256
    RETURNING hash, seq),
  fresh AS MATERIALIZED (SELECT x.* FROM numbered x JOIN keyed k ON k.hash = x.hash AND k.seq = x.n),
  delivered AS (
    INSERT INTO @delivery (seq, hash, id, source, batch_id, is_test, sha256, received_at, size, coding, meta)
    SELECT n, hash, id, source, batch_id, is_test, sha, received_at, size, coding, meta FROM fresh ORDER BY n),
  bodies AS (INSERT INTO @body (seq, body) SELECT n, substr($2::bytea, off + 1, len) FROM fresh ORDER BY n),
  passes AS (INSERT INTO @pass (seq, source, size) SELECT n, source, size FROM fresh ORDER BY n),
  received AS (
    INSERT INTO @receipt (at, source, credential, n, bytes, stored, stored_bytes, first_at, last_at)
    SELECT floor(x.received_at / 60000)::int8, x.source, x.credential, sum(x.times), sum(x.times::int8 * x.size),
      count(*) FILTER (WHERE k.seq = x.n), coalesce(sum(x.size) FILTER (WHERE k.seq = x.n), 0), min(x.received_at), max(x.received_at)
    FROM numbered x JOIN keyed k ON k.hash = x.hash GROUP BY 1, 2, 3)
  SELECT x.o, k.seq, coalesce(k.seq = x.n, false) AS fresh,
    (SELECT 1 FROM @pass p WHERE p.seq = k.seq LIMIT 1) IS NULL
      AND (SELECT 1 FROM @work w WHERE w.seq = k.seq AND w.handler = ANY ($16::text[]) LIMIT 1) IS NULL AS settled,
    (SELECT 1 FROM @dead_letter d WHERE d.seq = k.seq LIMIT 1) IS NOT NULL AS dead
  FROM numbered x LEFT JOIN keyed k USING (hash) ORDER BY x.o`

const findOther = 'SELECT seq FROM @key_other WHERE hash = $1 AND sha256 = $2'
const nextSeq = "SELECT nextval('@delivery_seq') AS n"
const insertOther = `
  INSERT INTO @key_other AS k (hash, sha256, seq, duplicates) VALUES ($1, $2, $3, $4::int4 - 1)
  ON CONFLICT (hash, sha256) DO UPDATE SET duplicates = k.duplicates + $4::int4 RETURNING seq`
const insertDelivery = `
  INSERT INTO @delivery (seq, hash, id, source, batch_id, is_test, sha256, received_at, size, coding, meta)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
const insertReceipt = `
  INSERT INTO @receipt (at, source, credential, n, bytes, stored, stored_bytes, first_at, last_at)
  SELECT floor($1::float8 / 60000)::int8, $2, $3, $4::int8, $4::int8 * $6::int8, $5::int8, $5::int8 * $6::int8, $1, $1`
const readState = `
  SELECT (SELECT 1 FROM @pass WHERE seq = $1) IS NULL
      AND (SELECT 1 FROM @work WHERE seq = $1 AND handler = ANY ($2::text[]) LIMIT 1) IS NULL AS settled,
    (SELECT 1 FROM @dead_letter WHERE seq = $1 LIMIT 1) IS NOT NULL AS dead`

interface StoredRow {
  /** null: a delivery with this id and other bytes is there. */
  readonly seq: number | null
  readonly fresh: boolean
  readonly settled: boolean
  readonly dead: boolean
}

/** What the use of a credential counts under. */
export type LabelOf = (source: string, label: string | null) => string | null

/** In the order of the items; null where the id is known with other bytes. `own`: the handlers of this process. */
export async function store(
  db: Database,
  items: readonly Waiting[],
  own: readonly string[],
  labelOf: LabelOf,
): Promise<readonly (Stored | null)[]> {
  const rows = await db.all<StoredRow>(storeGroup, ...columns(items, labelOf), own)
  return rows.map(({ seq, ...row }) => (seq === null ? null : toStored(seq, row)))
}

function toStored(seq: number, { fresh, settled, dead }: Omit<StoredRow, 'seq'>): Stored {
  return { status: fresh ? 'accepted' : 'duplicate', seq, isDone: !fresh && settled, dead: !fresh && dead }
}

function columns(items: readonly Waiting[], labelOf: LabelOf): unknown[] {
  const of = <T>(pick: (item: Waiting) => T) => items.map(pick)
  let off = 0
  const offsets = items.map(({ coded }) => {
    const at = off
    off += coded.bytes.byteLength
    return at
  })
  return [
    Buffer.concat(of(({ delivery }) => delivery.sha256)),
    Buffer.concat(of(({ coded }) => coded.bytes)),
    of(({ hash }) => hash),
    of(({ delivery }) => delivery.id),
    of(({ delivery }) => delivery.source),
    of(({ delivery }) => packText(delivery.batchId)),
    of(({ delivery }) => delivery.receivedAt),
    of(({ delivery }) => packMeta(delivery)),
    of(({ delivery }) => delivery.body.byteLength),
    of(({ coded }) => coded.coding),
    offsets,
    of(({ coded }) => coded.bytes.byteLength),
    of(({ waiters }) => waiters.length),
    of(({ delivery }) => delivery.isTest),
    of(({ delivery }) => JSON.stringify(labelOf(delivery.source, delivery.credential))),
  ]
}

/** A delivery whose id another has with other bytes. */
export function storeOther(db: Database, item: Waiting, own: readonly string[], labelOf: LabelOf): Promise<Stored> {
  return db.transaction(async (session) => {
    const { delivery, hash } = item
    const label = JSON.stringify(labelOf(delivery.source, delivery.credential))
    const receive = (stored: number) =>
      session.all(
        insertReceipt,
        ...[delivery.receivedAt, delivery.source, label, item.waiters.length, stored, delivery.body.byteLength],
      )
    const [known] = await session.all<{ seq: number }>(findOther, hash, delivery.sha256)
    const seq = known?.seq ?? (await session.all<{ n: number }>(nextSeq))[0]!.n // a sequence answers with a row
    const [kept] = await session.all<{ seq: number }>(insertOther, hash, delivery.sha256, seq, item.waiters.length)
    if (known === undefined && kept?.seq === seq) {
      await insert(session, seq, item)
      await receive(1)
      return { status: 'accepted', seq, isDone: false, dead: false }
    }
    await receive(0)
    const [state] = await session.all<Omit<StoredRow, 'seq'>>(readState, kept?.seq, own)
    return { status: 'duplicate', seq: kept?.seq ?? seq, isDone: state?.settled ?? false, dead: state?.dead ?? false }
  })
}

async function insert(session: Session, seq: number, { delivery, hash, coded }: Waiting): Promise<void> {
  const { id, source, batchId, isTest, sha256, receivedAt, body } = delivery
  const facts = [seq, hash, id, source, packText(batchId), isTest, sha256, receivedAt, body.byteLength, coded.coding]
  await session.all(insertDelivery, ...facts, packMeta(delivery))
  await session.all('INSERT INTO @body (seq, body) VALUES ($1, $2)', seq, coded.bytes)
  await session.all('INSERT INTO @pass (seq, source, size) VALUES ($1, $2, $3)', seq, source, body.byteLength)
}
