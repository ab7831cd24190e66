/** Letting go of what is finished and old, portion by portion. One process at a time does it. */
import type { Retention } from '../../../ports/inbox/opening.ts'
import type { Pruned } from '../../../ports/inbox/operations.ts'
import { type Cutoffs, cutoffsAt, type Finished, isForgotten, losesBody } from '../../rules/retention.ts'
import { addCounts } from '../claims/write.ts'
import type { Session as Db } from '../db/database.ts'
import { hashOfBatch } from '../log/hashes.ts'
import { unpackText, withoutHeaders } from '../log/meta.ts'
import { takeBytes } from './alter.ts'

const PORTION = 1_000

/** One portion at a time, whoever asks: each takes a few ms. */
const lock = "SELECT pg_advisory_xact_lock(hashtext('posthorn-prune:@'))"
const noteBelieved = 'UPDATE @control SET believed_at = $1'
const expireLetters = 'DELETE FROM @dead_letter WHERE at <= $1 RETURNING id'
const expireItems = 'DELETE FROM @quarantine WHERE at <= $1 RETURNING id'
const sumBytes = 'SELECT coalesce(sum(octet_length(body)), 0)::int8 AS n FROM @body'
/** Nothing that comes after a first pass which has not ended. */
const readPortion = `
  SELECT d.seq, d.hash, d.received_at, d.meta, d.source, d.batch_id, coalesce(octet_length(b.body), 0) AS bytes,
    a.size IS NOT DISTINCT FROM 0 OR d.size = 0 AS empty,
    EXISTS (SELECT 1 FROM @work w WHERE w.seq = d.seq) AS work, EXISTS (SELECT 1 FROM @quarantine q WHERE q.seq = d.seq) AS quarantined,
    EXISTS (SELECT 1 FROM @dead_letter l WHERE l.seq = d.seq) AS dead
  FROM @delivery d LEFT JOIN @body b ON b.seq = d.seq LEFT JOIN @altered a ON a.seq = d.seq
  WHERE d.seq > $1 AND d.seq < coalesce((SELECT min(seq) FROM @pass), 9223372036854775807)
  ORDER BY d.seq LIMIT $2`
const forgetHeaders =
  'UPDATE @delivery d SET meta = t.meta FROM unnest($1::int8[], $2::text[]) t(seq, meta) WHERE d.seq = t.seq'
const TABLES_OF_A_DELIVERY = ['delivery', 'body', 'settled', 'altered', 'death', 'under_way', 'progress']
const forgetKeys = 'DELETE FROM @key WHERE hash = ANY ($1::uuid[]) AND seq = ANY ($2::int8[])'
const forgetOthers = 'DELETE FROM @key_other WHERE hash = ANY ($1::uuid[]) AND seq = ANY ($2::int8[])'
const forgetBatches = 'DELETE FROM @batch WHERE hash = ANY ($1::uuid[]) AND seq = ANY ($2::int8[])'

interface Row {
  readonly seq: number
  readonly hash: string
  readonly received_at: number
  readonly meta: string
  readonly source: string
  readonly batch_id: string | null
  readonly bytes: number
  readonly empty: boolean
  readonly work: boolean
  readonly quarantined: boolean
  readonly dead: boolean
}

const NOTHING: Pruned = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0, next: null, over: false }

/** After which delivery it goes on, and how many bytes of bodies are above the limit. */
interface Place {
  readonly after: number
  readonly excess: number
}

export async function prune(
  tx: Db,
  retention: Retention | undefined,
  wall: number,
  isSteady: boolean,
  from: string | null,
): Promise<Pruned> {
  if (isSteady) await tx.all(noteBelieved, wall)
  if (!retention) return NOTHING
  await tx.all(lock)
  const cutoffs = cutoffsAt(retention, wall, isSteady)
  const isFirst = from === null
  const expired = isFirst ? await expire(tx, cutoffs) : { deadLetters: 0, quarantined: 0 }
  const place: Place = isFirst ? { after: 0, excess: await excessOf(tx, retention) } : JSON.parse(from)
  return { ...expired, ...(await portion(tx, cutoffs, place)) }
}

async function excessOf(tx: Db, { maxBytes }: Retention): Promise<number> {
  if (maxBytes === null) return 0
  const [sum] = await tx.all<{ n: number }>(sumBytes)
  return Math.max(0, (sum?.n ?? 0) - maxBytes)
}

async function expire(tx: Db, cutoffs: Cutoffs) {
  const deadLetters = (await tx.all(expireLetters, cutoffs.deadLetters)).length
  const quarantined = (await tx.all(expireItems, cutoffs.quarantined)).length
  await addCounts(tx, [['expired', '', deadLetters + quarantined]])
  return { deadLetters, quarantined }
}

async function portion(tx: Db, cutoffs: Cutoffs, { after, excess }: Place) {
  const rows = await tx.all<Row>(readPortion, after, PORTION)
  let left = excess
  const takes: Row[] = []
  for (const row of rows) {
    if (row.work || !losesBody(finished(row), cutoffs, () => left > 0)) continue
    takes.push(row)
    left = Math.max(0, left - row.bytes)
  }
  const taken = new Set(takes)
  const afterwards = (row: Row) => ({ ...finished(row), hasBody: !row.empty && !taken.has(row) })
  const removes = rows.filter((row) => !row.work && isForgotten(afterwards(row), row.dead, cutoffs))
  // Most go whole at once: what is deleted is not written anew before.
  const removed = new Set(removes)
  await takeAll(
    tx,
    takes.filter((row) => !removed.has(row)),
  )
  await removeAll(tx, removes)
  const isYoung = takes.length === 0 && removes.length === 0 && rows.every((row) => row.received_at > cutoffs.bodies)
  const goesOn = rows.length === PORTION && (left > 0 || !isYoung)
  const next = goesOn ? JSON.stringify({ after: rows.at(-1)?.seq ?? 0, excess: left }) : null
  return { bodies: takes.length, deliveries: removes.length, next, over: next === null && left > 0 }
}

function finished({ received_at, empty, quarantined }: Row): Finished {
  return { receivedAt: received_at, hasBody: !empty, isQuarantined: quarantined }
}

async function takeAll(tx: Db, takes: readonly Row[]): Promise<void> {
  if (takes.length === 0) return
  const seqs = takes.map(({ seq }) => seq)
  await takeBytes(tx, seqs)
  await tx.all(
    forgetHeaders,
    seqs,
    takes.map(({ meta }) => withoutHeaders(meta)),
  )
}

async function removeAll(tx: Db, removes: readonly Row[]): Promise<void> {
  if (removes.length === 0) return
  const seqs = removes.map(({ seq }) => seq)
  const hashes = removes.map(({ hash }) => hash)
  const batches = removes.flatMap(({ source, batch_id }) => {
    const batchId = unpackText(batch_id)
    return batchId === null ? [] : [hashOfBatch(source, batchId)]
  })
  for (const table of TABLES_OF_A_DELIVERY) await tx.all(`DELETE FROM @${table} WHERE seq = ANY ($1::int8[])`, seqs)
  await tx.all(forgetKeys, hashes, seqs)
  await tx.all(forgetOthers, hashes, seqs)
  await tx.all(forgetBatches, batches, seqs)
}
