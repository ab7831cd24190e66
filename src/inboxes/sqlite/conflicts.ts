/** One batch id, other bytes. Looked for when a first pass settles, so that no sender waits for it. */
import { hash53 } from '../../lib/hash53.ts'
import type { Database } from './database.ts'
import type { Facts } from './facts.ts'
import type { Ledger } from './ledger.ts'
import * as sql from './sql.ts'

/** As many are kept apart. Adding each where it belongs doubled the cost of a settlement. */
const MOST_RECENT = 4_096

/** Batches of the latest settlements. Shared by ledger and draft: after a failure they are read anew. */
export interface RecentBatches {
  /** The first delivery, by the hash of its batch. */
  readonly firsts: Map<number, number>
  /** Those of this group. */
  readonly added: [hash: number, seq: number][]
}

export function readRecentBatches(db: Database): RecentBatches {
  const rows = db.all<{ batches: string }>(sql.readRecentBatches)
  return { firsts: new Map(rows.flatMap((row) => JSON.parse(row.batches) as [number, number][])), added: [] }
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
  if (recent.firsts.get(hash) !== seq) recent.added.push([hash, seq])
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
  if (recent.firsts.get(hash) === seq) recent.firsts.delete(hash)
}

/** One that has left the log may be noted among the latest all the same. */
function findFirst(db: Database, { firsts }: RecentBatches, hash: number): number | undefined {
  const known = firsts.get(hash) ?? db.get<{ seq: number }>(sql.findBatch, hash)?.seq
  return known !== undefined && db.get(sql.hasDelivery, known) !== undefined ? known : undefined
}

/** Writes down what the group has added. */
export function saveBatches(db: Database, { firsts, added }: RecentBatches): void {
  if (added.length === 0) return
  db.run(sql.insertRecentBatches, JSON.stringify(added.splice(0)))
  if (firsts.size < MOST_RECENT) return
  for (const [hash, first] of [...firsts].sort((a, b) => a[0] - b[0])) db.run(sql.insertBatch, hash, first)
  db.run(sql.deleteRecentBatches)
  firsts.clear()
}

/** Who finds a batch by it compares what it stands for, so that a collision hides a conflict and never makes one. */
const hashOf = (source: string, batchId: string): number => hash53(`${source}/${batchId}`)
