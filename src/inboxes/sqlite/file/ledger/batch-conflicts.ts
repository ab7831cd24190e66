/** Finds deliveries with the same batch id and other bytes, when a first pass settles: no sender waits for that. */
import { hash53 } from '../../../../lib/hash53.ts'
import type { Database } from '../db/database.ts'
import { addPortion, gather, ordinary } from '../db/deferred-index.ts'
import * as sql from '../db/sql.ts'
import type { DeliverySummary } from './delivery-summary.ts'
import type { Ledger, RecentBatches } from './ledger.ts'

export function readRecentBatches(db: Database): RecentBatches {
  const rows = db.all<{ batches: string }>(sql.readRecentBatches)
  const latest = new Map(rows.flatMap((row) => JSON.parse(row.batches) as [number, number][]))
  return { ...gather(latest), noted: [], upTo: 0 }
}

/**
 * Notes the first settled delivery of a batch. For a later one with other bytes, returns the id of the first; otherwise
 * null. A second call for the same delivery returns the same.
 */
export function findConflict(db: Database, { recent }: Ledger, seq: number, facts: DeliverySummary): string | null {
  const { source, batchId, isTest } = facts
  if (batchId === null || isTest) return null
  const hash = hashOf(source, batchId)
  const first = findFirst(db, recent, hash) ?? seq
  if (first !== seq) return db.get<{ id: string }>(sql.findConflict, first, source, batchId, seq)?.id ?? null
  if (recent.latest.get(hash) !== seq) recent.noted.push([hash, seq])
  recent.latest.set(hash, seq)
  return null
}

const deleteBatch = 'DELETE FROM batch WHERE hash = ? AND seq = ?'

/** A delivery that is removed from the log is no longer the first of its batch. */
export function forgetBatch(
  db: Database,
  { recent }: Ledger,
  seq: number,
  source: string,
  batchId: string | null,
): void {
  if (batchId === null) return
  const hash = hashOf(source, batchId)
  db.run(deleteBatch, hash, seq)
  for (const batches of [recent.latest, recent.filling]) if (batches.get(hash) === seq) batches.delete(hash)
}

const findBatch = 'SELECT seq FROM batch WHERE hash = ?'

/** `latest` may name a delivery that was removed from the log. */
function findFirst(db: Database, { latest, filling }: RecentBatches, hash: number): number | undefined {
  const known = latest.get(hash) ?? filling.get(hash) ?? db.get<{ seq: number }>(findBatch, hash)?.seq
  return known !== undefined && db.get(sql.hasDelivery, known) !== undefined ? known : undefined
}

const insertRecentBatches = 'INSERT INTO recent_batches (batches) VALUES (?)'

/** Writes the batches that the group has noted, in its transaction. */
export function saveBatches(db: Database, { noted }: RecentBatches): void {
  if (noted.length > 0) db.run(insertRecentBatches, JSON.stringify(noted.splice(0)))
}

const insertBatch = 'INSERT OR REPLACE INTO batch (hash, seq) VALUES (?, ?)'
const findLastRecentBatches = 'SELECT max(id) AS id FROM recent_batches'
const deleteRecentBatches = 'DELETE FROM recent_batches WHERE id <= ?'

/**
 * See `addPortion`. One by one, each with its settlement, they doubled the cost of a settlement; thousands at once held
 * up every group.
 */
export function indexBatches(db: Database, recent: RecentBatches, sizes = ordinary): void {
  const index = {
    begin() {
      recent.upTo = db.get<{ id: number | null }>(findLastRecentBatches)?.id ?? 0
    },
    pairsOf: (hash: number, seq: number) => [[hash, seq] as const],
    add(hash: number, seq: number) {
      // The delivery may have been removed from the log meanwhile.
      if (recent.filling.get(hash) === seq) db.run(insertBatch, hash, seq)
    },
    finish: () => void db.run(deleteRecentBatches, recent.upTo),
  }
  addPortion(db, recent, index, sizes)
}

/** Source and batch id are compared after the look-up, so a collision can hide a conflict and never makes one. */
const hashOf = (source: string, batchId: string): number => hash53(`${source}/${batchId}`)
