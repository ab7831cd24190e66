/** One batch id, other bytes. Looked for when a first pass settles, so that no sender waits for it. */
import { hash53 } from '../../lib/hash53.ts'
import type { Database } from './database.ts'
import type { Facts } from './facts.ts'
import type { Ledger } from './ledger.ts'
import * as sql from './sql.ts'

/** As many are kept apart before they are added to the table: the more, the more of them share a page. */
const GATHERED = 32_768
/** Added in one go: a few ms, in which a group waits. */
const PORTION = 512
const ordinary = { gathered: GATHERED, portion: PORTION }

/** Batches of the latest settlements. Shared by ledger and draft: after a failure they are read anew. */
export interface RecentBatches {
  /** The first delivery, by the hash of its batch. */
  readonly firsts: Map<number, number>
  /** Those of this group. */
  readonly noted: [hash: number, seq: number][]
  /** Those that are being added, beside how far that has come, and the row of `recent_batches` up to which they stand. */
  filling: Map<number, number>
  sorted: readonly [hash: number, seq: number][]
  added: number
  upTo: number
}

export function readRecentBatches(db: Database): RecentBatches {
  const rows = db.all<{ batches: string }>(sql.readRecentBatches)
  const firsts = new Map(rows.flatMap((row) => JSON.parse(row.batches) as [number, number][]))
  return { firsts, noted: [], filling: new Map(), sorted: [], added: 0, upTo: 0 }
}

/**
 * Notes the first delivery of a batch that is settled, and answers the id of that one for the others, unless their
 * bytes are the same. A second call for the same delivery answers the same.
 */
export function findConflict(db: Database, { recent }: Ledger, seq: number, facts: Facts): string | null {
  const { source, batchId, isTest } = facts
  if (batchId === null || isTest) return null
  const hash = hashOf(source, batchId)
  const first = findFirst(db, recent, hash) ?? seq
  if (first !== seq) return db.get<{ id: string }>(sql.findConflict, first, source, batchId, seq)?.id ?? null
  if (recent.firsts.get(hash) !== seq) recent.noted.push([hash, seq])
  recent.firsts.set(hash, seq)
  return null
}

/** A delivery that leaves the log stands for its batch no longer. */
export function forgetBatch(
  db: Database,
  { recent }: Ledger,
  seq: number,
  source: string,
  batchId: string | null,
): void {
  if (batchId === null) return
  const hash = hashOf(source, batchId)
  db.run(sql.deleteBatch, hash, seq)
  for (const batches of [recent.firsts, recent.filling]) if (batches.get(hash) === seq) batches.delete(hash)
}

/** One that has left the log may be noted among the latest all the same. */
function findFirst(db: Database, { firsts, filling }: RecentBatches, hash: number): number | undefined {
  const known = firsts.get(hash) ?? filling.get(hash) ?? db.get<{ seq: number }>(sql.findBatch, hash)?.seq
  return known !== undefined && db.get(sql.hasDelivery, known) !== undefined ? known : undefined
}

/** Writes down what the group has noted, in its transaction. */
export function saveBatches(db: Database, { noted }: RecentBatches): void {
  if (noted.length > 0) db.run(sql.insertRecentBatches, JSON.stringify(noted.splice(0)))
}

/**
 * Adds a portion to the table, in a transaction of its own, once enough are gathered. Added where each belongs, with its
 * settlement, they doubled the cost of that; thousands at once stopped everybody.
 */
export function indexBatches(db: Database, recent: RecentBatches, { gathered, portion } = ordinary): void {
  if (recent.sorted.length === 0) {
    if (recent.firsts.size < gathered) return
    beginFilling(db, recent)
  }
  db.exec('BEGIN IMMEDIATE')
  const end = Math.min(recent.added + Math.max(portion, recent.firsts.size >> 5), recent.sorted.length)
  for (const [hash, seq] of recent.sorted.slice(recent.added, end))
    if (recent.filling.get(hash) === seq) db.run(sql.insertBatch, hash, seq)
  recent.added = end
  if (end === recent.sorted.length) endFilling(db, recent)
  db.exec('COMMIT')
}

function beginFilling(db: Database, recent: RecentBatches): void {
  recent.filling = new Map(recent.firsts)
  recent.sorted = [...recent.firsts].sort((a, b) => a[0] - b[0])
  recent.upTo = db.get<{ id: number | null }>(sql.findLastRecentBatches)?.id ?? 0
  recent.firsts.clear()
}

function endFilling(db: Database, recent: RecentBatches): void {
  db.run(sql.deleteRecentBatches, recent.upTo)
  recent.filling = new Map()
  recent.sorted = []
  recent.added = 0
}

/** Who finds a batch by it compares what it stands for, so that a collision hides a conflict and never makes one. */
const hashOf = (source: string, batchId: string): number => hash53(`${source}/${batchId}`)
