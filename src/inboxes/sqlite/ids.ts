/**
 * Which deliveries have an id. Ids come in no order: an index of them would write a page for every delivery before its
 * 200. So the latest are kept in memory, and added to a small index after the answers, sorted, portion by portion; what
 * the index does not have yet is read from the log at the opening.
 */
import { hash53 } from '../../lib/hash53.ts'
import type { Database } from './database.ts'
import { isCorrupt } from './failure.ts'
import * as sql from './sql.ts'

/** So many are gathered before they are added: the more, the more of them share a page. */
const GATHERED = 32_768
/** Added in one go: a few ms, in which a group waits. */
const PORTION = 512
const ordinary = { gathered: GATHERED, portion: PORTION }

/** Deliveries by the hash of their id. */
type ByHash = Map<number, readonly number[]>

/** Shared by ledger and draft: after a failure they are read anew. */
export interface RecentIds {
  readonly latest: ByHash
  /** Those that are being added, by hash, beside how far that has come. */
  filling: ByHash
  sorted: readonly [hash: number, seq: number][]
  added: number
  /** Those of them that may have left the log. */
  readonly gone: Set<number>
}

export function readRecentIds(db: Database): RecentIds {
  const ids: RecentIds = { latest: new Map(), filling: new Map(), sorted: [], added: 0, gone: new Set() }
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

/** Adds a portion, in a transaction of its own, once enough are gathered. */
export function indexIds(db: Database, ids: RecentIds, { gathered, portion } = ordinary): void {
  if (ids.filling.size === 0) {
    if (ids.latest.size < gathered) return
    ids.filling = new Map(ids.latest)
    ids.sorted = [...ids.filling].sort((a, b) => a[0] - b[0]).flatMap(([hash, seqs]) => seqs.map(pairOf(hash)))
    ids.latest.clear()
  }
  db.exec('BEGIN IMMEDIATE')
  // However fast deliveries come, those that are gathered meanwhile stay few.
  const end = Math.min(ids.added + Math.max(portion, ids.latest.size >> 5), ids.sorted.length)
  for (const [hash, seq] of ids.sorted.slice(ids.added, end)) insertIndexed(db, ids, hash, seq)
  ids.added = end
  if (end === ids.sorted.length) finish(db, ids)
  db.exec('COMMIT')
}

/** To look for each in the log took longer than to add it: they come in no order. */
function insertIndexed(db: Database, { gone }: RecentIds, hash: number, seq: number): void {
  if (!gone.has(seq) || db.get(sql.hasDelivery, seq) !== undefined) db.run(sql.insertIndexed, hash, seq)
}

function finish(db: Database, ids: RecentIds): void {
  const last = ids.sorted.reduce((max, [, seq]) => Math.max(max, seq), 0)
  db.run(sql.noteIndexed, last)
  for (const seq of ids.gone) if (seq <= last) ids.gone.delete(seq)
  ids.filling = new Map()
  ids.sorted = []
  ids.added = 0
}

function pairOf(hash: number): (seq: number) => [number, number] {
  return (seq) => [hash, seq]
}

function walk(db: Database, id: string): number[] {
  return db.all<{ seq: number }>(sql.walkUnindexed, id).map(({ seq }) => seq)
}
