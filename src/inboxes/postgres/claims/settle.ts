/**
 * Settles many claims in one transaction: deletes the claims that this process holds, and inserts from what was
 * deleted.
 */
import { PosthornError } from '../../../errors.ts'
import type { Settlement } from '../../../ports/inbox/claims.ts'
import { withoutCancelled } from '../../rules/cancelled.ts'
import { DROPPED_AT, withoutDropped } from '../../rules/dropped.ts'
import { reckonedAnew } from '../../rules/leap.ts'
import { Counts, tellReceived, tellSettled } from '../../rules/tally.ts'
import type { Session as Db } from '../db/database.ts'
import { sqlState } from '../db/failure.ts'
import type { Hold } from '../life/holds.ts'
import { isRegistered } from '../life/process.ts'
import type { Session } from '../life/session.ts'
import { hashOfBatch } from '../log/hashes.ts'
import { appendCounts, columnsOf } from '../look/told.ts'
import { forgetKeys, writeKeys } from './event-keys.ts'
import { addCounts, cancelledOf, insertDead, insertQuarantined, insertRows, type NewRow } from './write.ts'

/**
 * Ends first passes. Returns, for a delivery of a batch, the first delivery of that batch. The subquery hides the
 * length of the list from the planner: its plan for a join, or a long list, may read the whole table.
 *
 * The counts are added up by the caller. Where they do not match, because this process has lost some of the passes, or
 * because another delivery is the first of a batch, the division by zero fails the whole statement.
 */
const endPasses = `
  WITH mine AS (DELETE FROM @pass WHERE seq = ANY (ARRAY(SELECT unnest($2::int8[]))) AND owner = $1::int8 RETURNING seq, set_id),
  passed AS MATERIALIZED (
    SELECT m.seq, m.set_id, a.events, a.batch, a.off, a.len
    FROM mine m JOIN unnest($2::int8[], $3::int4[], $4::uuid[], $11::int4[], $12::int4[]) a(seq, events, batch, off, len) ON a.seq = m.seq),
  ended AS (
    INSERT INTO @settled (seq, owner, events, set_id, trace)
    SELECT seq, $1::int8, events, set_id, substr($10::bytea, off + 1, len) FROM passed ORDER BY seq),
  stands AS (
    INSERT INTO @batch AS b (hash, seq) SELECT DISTINCT ON (batch) batch, seq FROM passed WHERE batch IS NOT NULL ORDER BY batch, seq
    ON CONFLICT (hash) DO UPDATE SET seq = b.seq RETURNING hash, seq),
  firsts AS MATERIALIZED (SELECT p.seq, coalesce(s.seq, p.seq) AS first FROM passed p LEFT JOIN stands s ON s.hash = p.batch),
  told AS (
    INSERT INTO @told (at, source, word, n, sum)
    SELECT at, source, word, n / (
      SELECT CASE WHEN count(*) = cardinality($2::int8[]) AND bool_and(first = seq) THEN 1 ELSE 0 END FROM firsts), sum
    FROM unnest($5::int8[], $6::text[], $7::text[], $8::int8[], $9::int8[]) t(at, source, word, n, sum))
  SELECT seq, first FROM firsts`
const REFUSED = '22012'
const endRows = 'DELETE FROM @held WHERE seq = ANY ($2::int8[]) AND owner = $1::int8 RETURNING seq'
const deleteRows = 'DELETE FROM @work WHERE id = ANY ($1::int8[])'
const deleteRowProgress = 'DELETE FROM @progress WHERE seq = ANY ($1::int8[]) AND work_id = ANY ($2::int8[])'
const leaveRows = 'UPDATE @work SET careful = false WHERE seq = ANY ($1::int8[]) AND id = ANY ($2::int8[]) AND careful'
const endNotes = 'DELETE FROM @under_way WHERE seq = ANY ($1::int8[])'
const endDeaths = `
  DELETE FROM @death WHERE seq = ANY ($1::int8[]) AND (SELECT 1 FROM @work w WHERE w.seq = @death.seq LIMIT 1) IS NULL`
const findConflict = `
  SELECT f.id FROM @delivery f, @delivery d
  WHERE f.seq = $1 AND d.seq = $2 AND f.source = d.source AND f.batch_id = d.batch_id AND f.sha256 <> d.sha256`
const readFacts = 'SELECT seq, source, received_at AS "receivedAt" FROM @delivery WHERE seq = ANY ($1::int8[])'
const findBatch = 'SELECT seq FROM @batch WHERE hash = $1'
const readDropped = 'SELECT name FROM @handler WHERE seen_at = $1'
const readAliases = 'SELECT former, name FROM @alias'

export interface Settling {
  readonly settlement: Settlement
  readonly hold: Hold
}

export interface Settled {
  readonly conflictsWith: string | null
}

/** By `seq`; a claim that is missing was lost. */
export type SettledAll = ReadonlyMap<number, Settled>

/**
 * Settles the claims that this process still holds, all of them made as `owner`: the process may have claimed the same
 * deliveries anew since, as another. Rejects when it is not known whether they were settled.
 */
export async function settleAll(
  session: Session,
  owner: string,
  settling: readonly Settling[],
  now: number,
): Promise<SettledAll> {
  const all = () => session.db.transaction((tx) => settleIn(tx, session, owner, settling, now))
  if (!settling.every(isPlain)) return all()
  try {
    return await settlePlain(session, owner, settling, now)
  } catch (error) {
    if (error instanceof PosthornError && sqlState(error.cause) === REFUSED) return all()
    throw error
  }
}

async function settlePlain(
  session: Session,
  owner: string,
  settling: readonly Settling[],
  now: number,
): Promise<SettledAll> {
  const { db } = session
  const settled = new Map<number, Settled>()
  for (const [seq, first] of await endFirstPasses(db, owner, settling, countsOf(session, settling, now)))
    settled.set(seq, { conflictsWith: await conflictOf(db, seq, first) })
  return settled
}

function countsOf({ known }: Session, settling: readonly Settling[], now: number): Counts {
  const counts = new Counts(known.words)
  for (const { settlement, hold } of settling) if (hold.facts) tell(counts, settlement, hold.facts, now)
  return counts
}

function tell(counts: Counts, settlement: Settlement, { source, receivedAt }: Facts, now: number): void {
  tellReceived(settlement, counts.telling(receivedAt, source))
  tellSettled(settlement, counts.telling(now, source))
}

interface Facts {
  readonly source: string
  readonly receivedAt: number
}

/** Whether the first pass leaves no rows, letters, quarantine, counts or keys, and nothing is stored for its claim. */
function isPlain({ settlement, hold }: Settling): boolean {
  const { firstPass, rows, dead, quarantined, unhandled, duplicateEvents = 0, keys, forgotten } = settlement
  const many = rows.length + dead.length + quarantined.length + Object.keys(unhandled).length + duplicateEvents
  return firstPass && !hold.hasMore && many === 0 && !keys && !forgotten
}

/** By `seq` of a delivery, that of the first delivery of its batch. */
type Firsts = ReadonlyMap<number, number | null>

async function endFirstPasses(
  db: Pick<Db, 'all'>,
  owner: string,
  settling: readonly Settling[],
  counts: Counts,
): Promise<Firsts> {
  const passes = settling.filter(({ settlement }) => settlement.firstPass)
  if (passes.length === 0) return new Map()
  const rows = await db.all<{ seq: number; first: number }>(
    endPasses,
    owner,
    passes.map(({ settlement }) => settlement.seq),
    passes.map(({ settlement }) => settlement.events),
    passes.map(({ hold }) => hold.batch && hashOfBatch(hold.batch.source, hold.batch.batchId)),
    ...columnsOf(counts),
    ...tracesOf(passes),
  )
  return new Map(rows.map(({ seq, first }) => [seq, first]))
}

/** The traces in one buffer, with the offset and length of each; length null: no trace. */
function tracesOf(passes: readonly Settling[]): [bytes: Buffer, offsets: number[], lengths: (number | null)[]] {
  const traces = passes.map(({ settlement }) => settlement.trace ?? null)
  let off = 0
  const offsets = traces.map((trace) => {
    const at = off
    off += trace?.byteLength ?? 0
    return at
  })
  return [
    Buffer.concat(traces.filter((trace) => trace !== null)),
    offsets,
    traces.map((one) => one?.byteLength ?? null),
  ]
}

async function settleIn(
  tx: Db,
  session: Session,
  owner: string,
  settling: readonly Settling[],
  now: number,
): Promise<SettledAll> {
  const { known } = session
  const works = settling.filter(({ settlement }) => !settlement.firstPass)
  const passed = await endFirstPasses(tx, owner, settling, new Counts(known.words))
  const worked = await tx.all<{ seq: number }>(
    endRows,
    owner,
    works.map(({ settlement }) => settlement.seq),
  )
  const settled = new Map<number, Settled>(worked.map(({ seq }) => [seq, { conflictsWith: null }]))
  for (const [seq, first] of passed) settled.set(seq, { conflictsWith: await conflictOf(tx, seq, first) })
  const mine = settling.filter(({ settlement }) => settled.has(settlement.seq))
  if (mine.length > 0) await writeAll(tx, session, mine, settled, now)
  return settled
}

async function writeAll(
  tx: Db,
  session: Session,
  mine: readonly Settling[],
  settled: SettledAll,
  now: number,
): Promise<void> {
  await endWork(tx, mine)
  const isDropped = await droppedIn(tx)
  const left = mine.map(({ settlement }) => withoutDropped(settlement, isDropped))
  const runs = await cancelledOf(
    tx,
    left.flatMap(({ settlement: { rows, dead } }) => [
      ...rows.map(({ replay }) => replay?.run),
      ...dead.map(({ run }) => run),
    ]),
  )
  const settlements = left.map(({ settlement }) => withoutCancelled(settlement, (run) => runs.has(run)))
  const aliases = new Map(
    (await tx.all<{ former: string; name: string }>(readAliases)).map((one) => [one.former, one.name]),
  )
  const named = <T extends { readonly handler: string }>(one: T): T => ({
    ...one,
    handler: aliases.get(one.handler) ?? one.handler,
  })
  const rows = settlements.flatMap(({ seq, rows: own, at }) =>
    own.map((row): NewRow => ({ ...row, seq, dueAt: dueIn(session, row.dueAt, at, now) })),
  )
  await insertRows(tx, rows)
  await insertDead(
    tx,
    settlements.flatMap(({ seq, dead }) => dead.map((letter) => ({ ...named(letter), seq }))),
  )
  await insertQuarantined(
    tx,
    settlements.flatMap(({ seq, quarantined }) => quarantined.map((item) => ({ ...item, seq }))),
  )
  await countAll(
    tx,
    settlements,
    left.reduce((sum, { cancelled }) => sum + cancelled, 0),
  )
  await tellAll(tx, session, mine, { settlements, settled }, now)
  for (const settlement of settlements) await keepKeys(tx, session, settlement)
  const seqs = mine.map(({ settlement }) => settlement.seq)
  await tx.all(endNotes, seqs)
  await tx.all(endDeaths, seqs)
}

/** Counts by time; `settlements` as they are carried out. */
async function tellAll(
  tx: Db,
  { known }: Session,
  mine: readonly Settling[],
  { settlements, settled }: { readonly settlements: readonly Settlement[]; readonly settled: SettledAll },
  now: number,
): Promise<void> {
  const unread = mine.filter(({ hold }) => hold.facts === null).map(({ settlement }) => settlement.seq)
  const found = unread.length === 0 ? [] : await tx.all<Facts & { seq: number }>(readFacts, unread)
  const facts = new Map<number, Facts | null>(mine.map(({ hold }) => [hold.seq, hold.facts]))
  for (const { seq, ...one } of found) facts.set(seq, one)
  const counts = new Counts(known.words)
  for (const settlement of settlements) {
    const one = facts.get(settlement.seq)
    if (!one) continue
    tell(counts, settlement, one, now)
    if (settled.get(settlement.seq)?.conflictsWith) counts.tell(now, one.source, 'conflict', 1, 0)
  }
  await appendCounts(tx, counts)
}

/** The due time in the time of the database. */
function dueIn({ wall }: Session, dueAt: number, at: number | undefined, now: number): number {
  const ahead = wall.ahead()
  return reckonedAnew(dueAt + ahead, at === undefined ? undefined : at + ahead, now)
}

async function endWork(tx: Db, mine: readonly Settling[]): Promise<void> {
  const seqs = mine.map(({ settlement }) => settlement.seq)
  const ended = mine.flatMap(({ settlement }) => settlement.endedRows)
  if (ended.length > 0) await tx.all(deleteRows, ended)
  const held = mine.flatMap(({ hold }) => hold.rows ?? [])
  if (held.length > 0) await tx.all(leaveRows, seqs, held)
  const passes = mine.some(({ settlement }) => settlement.firstPass) ? [0] : []
  if (mine.some(({ hold }) => hold.hasMore)) await tx.all(deleteRowProgress, seqs, [...passes, ...ended])
}

async function droppedIn(tx: Db): Promise<(handler: string) => boolean> {
  const dropped = new Set((await tx.all<{ name: string }>(readDropped, DROPPED_AT)).map(({ name }) => name))
  return (handler) => dropped.has(handler)
}

async function countAll(tx: Db, settlements: readonly Settlement[], cancelled: number): Promise<void> {
  const counts: [kind: string, name: string, n: number][] = [['cancelled', '', cancelled]]
  for (const { unhandled } of settlements)
    for (const [name, n] of Object.entries(unhandled)) counts.push(['unhandled', name, n])
  await addCounts(tx, counts)
  const copied = settlements.filter(({ duplicateEvents = 0 }) => duplicateEvents > 0)
  for (const { seq, duplicateEvents = 0 } of copied) {
    const [delivery] = await tx.all<{ source: string }>('SELECT source FROM @delivery WHERE seq = $1', seq)
    await addCounts(tx, [['duplicate', delivery?.source ?? '', duplicateEvents]])
  }
}

type Keys = Pick<Settlement, 'seq' | 'keys' | 'forgotten'>

/** Stores and forgets the keys of a settlement; deletes expired keys, while the clock is steady. */
export async function keepKeys(tx: Db, { watch }: Session, { seq, keys, forgotten }: Keys): Promise<void> {
  if (keys) await writeKeys(tx, keys, seq, watch.isSteady())
  if (forgotten) await forgetKeys(tx, forgotten.windowMs, forgotten.keys, seq)
}

/** The id of the first delivery of the batch, where that has other bytes; null otherwise. */
async function conflictOf(db: Pick<Db, 'all'>, seq: number, first: number | null): Promise<string | null> {
  if (first === null || first === seq) return null
  const [other] = await db.all<{ id: string }>(findConflict, first, seq)
  return other?.id ?? null
}

/**
 * The result of a settlement whose answer was lost and whose claim is gone. While the row of this process stands, only
 * this process ends its claims: the settlement was carried out. null: the claim was lost.
 */
export async function carriedOut(session: Session, { settlement, hold }: Settling): Promise<Settled | null> {
  if (!hold.isUnsure || !(await isRegistered(session.db, hold.owner))) return null
  if (hold.batch === null || !settlement.firstPass) return { conflictsWith: null }
  const [batch] = await session.db.all<{ seq: number }>(findBatch, hashOfBatch(hold.batch.source, hold.batch.batchId))
  return { conflictsWith: await conflictOf(session.db, settlement.seq, batch?.seq ?? null) }
}

export const lostClaim = (seq: number): PosthornError =>
  new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${seq} is not held.`)
