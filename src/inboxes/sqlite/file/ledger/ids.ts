/**
 * Which deliveries have an id: the latest in memory, the others in a small index (`filling.ts`). What the index does not
 * have yet is read from the log at the opening.
 */
import { hash53 } from '../../../../lib/hash53.ts'
import { isCorrupt } from '../../wire/failure.ts'
import type { Database } from '../db/database.ts'
import { addPortion, type Gathered, gather, ordinary } from '../db/filling.ts'
import * as sql from '../db/sql.ts'

/** Deliveries by the hash of their id. */
export interface RecentIds extends Gathered<readonly number[]> {
  /** Those of them that may have left the log. */
  readonly gone: Set<number>
}

export function readRecentIds(db: Database): RecentIds {
  const ids: RecentIds = { ...gather<readonly number[]>(new Map()), gone: new Set() }
  for (const { id, seq } of readUnindexed(db)) rememberId(ids, id, seq)
  return ids
}

interface Row {
  readonly seq: number
  readonly id: string
}

function readUnindexed(db: Database): Row[] {
  try {
    return db.all<Row>(sql.findUnindexed)
  } catch (error) {
    if (!isCorrupt(error)) throw error
    return readWhatIsSound(db)
  }
}

/** A repeat of what cannot be read any more is new. */
function readWhatIsSound(db: Database): Row[] {
  const { from, to } = db.get<{ from: number; to: number }>(sql.findUnindexedRange) ?? { from: 1, to: 0 }
  const rows: Row[] = []
  for (let seq = from; seq <= to; seq++) {
    try {
      rows.push(...db.all<Row>(sql.readId, seq))
    } catch (error) {
      if (!isCorrupt(error)) throw error
    }
  }
  return rows
}

export function rememberId({ latest }: RecentIds, id: string, seq: number): void {
  const hash = hash53(id)
  const known = latest.get(hash)
  latest.set(hash, known === undefined ? [seq] : [...known, seq])
}

/** The deliveries with this id, ascending. Without the latest, which only the owner knows, the log is walked for them. */
export function findById(db: Database, ids: RecentIds | null, id: string): number[] {
  const hash = hash53(id)
  const indexed = db.all<{ seq: number }>(sql.findIndexed, hash).map(({ seq }) => seq)
  const latest = ids === null ? walk(db, id) : [...(ids.filling.get(hash) ?? []), ...(ids.latest.get(hash) ?? [])]
  if (indexed.length + latest.length === 0) return []
  const found = [...new Set([...indexed, ...latest])].sort((a, b) => a - b)
  // Other ids have the same hash, and some that were known among the latest have left the log.
  return found.filter((seq) => db.get(sql.hasId, seq, id) !== undefined)
}

/** One that leaves the log. */
export function forgetId(db: Database, { latest, filling, gone }: RecentIds, id: string, seq: number): void {
  const hash = hash53(id)
  db.run(sql.deleteIndexed, hash, seq)
  if (latest.get(hash)?.includes(seq) || filling.get(hash)?.includes(seq)) gone.add(seq)
}

/** See `addPortion`. */
export function indexIds(db: Database, ids: RecentIds, sizes = ordinary): void {
  const index = {
    pairsOf: (hash: number, seqs: readonly number[]) => seqs.map((seq) => [hash, seq] as const),
    add: (hash: number, seq: number) => insertIndexed(db, ids, hash, seq),
    finish: () => finish(db, ids),
  }
  addPortion(db, ids, index, sizes)
}

/** To look for each in the log took longer than to add it: they come in no order. */
function insertIndexed(db: Database, { gone }: RecentIds, hash: number, seq: number): void {
  if (!gone.has(seq) || db.get(sql.hasDelivery, seq) !== undefined) db.run(sql.insertIndexed, hash, seq)
}

function finish(db: Database, { sorted, gone }: RecentIds): void {
  const last = sorted.reduce((max, [, seq]) => Math.max(max, seq), 0)
  db.run(sql.noteIndexed, last)
  for (const seq of gone) if (seq <= last) gone.delete(seq)
}

function walk(db: Database, id: string): number[] {
  return db.all<{ seq: number }>(sql.walkUnindexed, id).map(({ seq }) => seq)
}
