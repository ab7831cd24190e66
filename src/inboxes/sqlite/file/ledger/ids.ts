/**
 * Which deliveries have an id: the latest ids in memory, the others in a small index (`deferred-index.ts`). At the
 * opening the ids that the index does not have yet are read from the log.
 */
import { hash53 } from '../../../../lib/hash53.ts'
import { isCorrupt } from '../../wire/failure.ts'
import type { Database } from '../db/database.ts'
import { addPortion, type Gathered, gather, ordinary } from '../db/deferred-index.ts'
import * as sql from '../db/sql.ts'

/** Deliveries by the hash of their id. */
export interface RecentIds extends Gathered<readonly number[]> {
  /** Deliveries among them that may have been removed from the log. */
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

const findUnindexedRange = `
  SELECT (SELECT up_to + 1 FROM indexed) AS "from", max(
    coalesce((SELECT max(seq) FROM delivery), 0), coalesce((SELECT max(seq) FROM forgotten), 0)) AS "to"`

/** Skips damaged rows: a repeat of such a delivery is then stored as new. */
function readWhatIsSound(db: Database): Row[] {
  const { from, to } = db.get<{ from: number; to: number }>(findUnindexedRange) ?? { from: 1, to: 0 }
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

export function rememberId({ latest }: Pick<RecentIds, 'latest'>, id: string, seq: number): void {
  const hash = hash53(id)
  const known = latest.get(hash)
  latest.set(hash, known === undefined ? [seq] : [...known, seq])
}

const findIndexed = 'SELECT seq FROM delivery_by_id WHERE hash = ?'

/** The deliveries with this id, ascending. */
export function findById(db: Database, ids: Pick<RecentIds, 'filling' | 'latest'>, id: string): number[] {
  const hash = hash53(id)
  const indexed = db.all<{ seq: number }>(findIndexed, hash).map(({ seq }) => seq)
  const latest = [...(ids.filling.get(hash) ?? []), ...(ids.latest.get(hash) ?? [])]
  if (indexed.length + latest.length === 0) return []
  const found = [...new Set([...indexed, ...latest])].sort((a, b) => a - b)
  // Other ids may have the same hash, and some of `latest` may have been removed from the log.
  return found.filter((seq) => db.get(sql.hasId, seq, id) !== undefined)
}

const deleteIndexed = 'DELETE FROM delivery_by_id WHERE hash = ? AND seq = ?'

/** Forgets the id of a delivery that is removed from the log. */
export function forgetId(db: Database, { latest, filling, gone }: RecentIds, id: string, seq: number): void {
  const hash = hash53(id)
  db.run(deleteIndexed, hash, seq)
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

/** Looks up only those in `gone`: hashes come in no order, and a look-up for each took longer than to add it. */
function insertIndexed(db: Database, { gone }: RecentIds, hash: number, seq: number): void {
  if (!gone.has(seq) || db.get(sql.hasDelivery, seq) !== undefined) db.run(sql.insertIndexed, hash, seq)
}

const noteIndexed = 'UPDATE indexed SET up_to = ?'

function finish(db: Database, { sorted, gone }: RecentIds): void {
  const last = sorted.reduce((max, [, seq]) => Math.max(max, seq), 0)
  db.run(noteIndexed, last)
  for (const seq of gone) if (seq <= last) gone.delete(seq)
}

/** A reader that has gathered more ids forgets those that the index has by then. */
const MOST_LOOKED_AT = 131_072

const readIndexedTo = 'SELECT up_to FROM indexed'

/**
 * The latest ids for a reader beside the owner, whose memory it cannot see: it reads each id that the index does not
 * have once, not with each look-up. Kept from one opening of the file to the next.
 */
export class LookedIds {
  readonly filling: RecentIds['filling'] = new Map()
  readonly latest: RecentIds['latest'] = new Map()
  /** The last row that was read. */
  #last: Row | null = null

  /** Reads the ids that were stored since the last call. */
  upTo(db: Database): this {
    // The file may have been replaced by another.
    if (this.#last !== null && db.get(sql.hasId, this.#last.seq, this.#last.id) === undefined) this.#forget()
    for (const row of db.all<Row>(sql.findUnindexedAbove, this.#last?.seq ?? 0)) {
      rememberId(this, row.id, row.seq)
      if (row.seq > (this.#last?.seq ?? 0)) this.#last = row
    }
    if (this.latest.size > MOST_LOOKED_AT) this.#letGo(db.get<{ up_to: number }>(readIndexedTo)?.up_to ?? 0)
    return this
  }

  #letGo(indexedTo: number): void {
    for (const [hash, seqs] of this.latest) if (seqs.every((seq) => seq <= indexedTo)) this.latest.delete(hash)
  }

  #forget(): void {
    this.latest.clear()
    this.#last = null
  }
}
