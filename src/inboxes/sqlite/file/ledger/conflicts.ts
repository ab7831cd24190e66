/** One batch id, other bytes. Looked for when a first pass settles, so that no sender waits for it. */
import { hash53 } from '../../../../lib/hash53.ts'
import type { Database } from '../db/database.ts'
import { addPortion, gather, ordinary } from '../db/filling.ts'
import * as sql from '../db/sql.ts'
import type { Facts } from './facts.ts'
import type { Ledger, RecentBatches } from './ledger.ts'

export function readRecentBatches(db: Database): RecentBatches {
  const rows = db.all<{ batches: string }>(sql.readRecentBatches)
  const latest = new Map(rows.flatMap((row) => JSON.parse(row.batches) as [number, number][]))
  return { ...gather(latest), noted: [], upTo: 0 }
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
  if (recent.latest.get(hash) !== seq) recent.noted.push([hash, seq])
  recent.latest.set(hash, seq)
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
  for (const batches of [recent.latest, recent.filling]) if (batches.get(hash) === seq) batches.delete(hash)
}

/** One that has left the log may be noted among the latest all the same. */
function findFirst(db: Database, { latest, filling }: RecentBatches, hash: number): number | undefined {
  const known = latest.get(hash) ?? filling.get(hash) ?? db.get<{ seq: number }>(sql.findBatch, hash)?.seq
  return known !== undefined && db.get(sql.hasDelivery, known) !== undefined ? known : undefined
}

/** Writes down what the group has noted, in its transaction. */
export function saveBatches(db: Database, { noted }: RecentBatches): void {
  if (noted.length > 0) db.run(sql.insertRecentBatches, JSON.stringify(noted.splice(0)))
}

/**
 * See `addPortion`. Added where each belongs, with its settlement, they doubled the cost of that; thousands at once
 * stopped everybody.
 */
export function indexBatches(db: Database, recent: RecentBatches, sizes = ordinary): void {
  const index = {
    begin() {
      recent.upTo = db.get<{ id: number | null }>(sql.findLastRecentBatches)?.id ?? 0
    },
    pairsOf: (hash: number, seq: number) => [[hash, seq] as const],
    add(hash: number, seq: number) {
      // It may have left the log meanwhile.
      if (recent.filling.get(hash) === seq) db.run(sql.insertBatch, hash, seq)
    },
    finish: () => void db.run(sql.deleteRecentBatches, recent.upTo),
  }
  addPortion(db, recent, index, sizes)
}

/** Who finds a batch by it compares what it stands for, so that a collision hides a conflict and never makes one. */
const hashOf = (source: string, batchId: string): number => hash53(`${source}/${batchId}`)
