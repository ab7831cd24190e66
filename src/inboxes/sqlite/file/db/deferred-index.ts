/**
 * An index whose entries come in no order: written one by one, each would write a page of its own. The latest entries
 * are gathered in memory, then sorted and written in portions between the groups, each portion in its own transaction.
 */
import type { Database } from './database.ts'

type Pair = readonly [hash: number, seq: number]

/** Shared by ledger and draft: after a failure it is read anew. */
export interface Gathered<V> {
  readonly latest: Map<number, V>
  /** The entries being written, by hash; the same in the order of writing; and how many are written. */
  filling: Map<number, V>
  sorted: readonly Pair[]
  added: number
}

/** The statements that write an index. */
export interface Index<V> {
  /** Before the first portion. */
  begin?(): void
  pairsOf(hash: number, value: V): readonly Pair[]
  /** In the transaction of a portion. */
  add(hash: number, seq: number): void
  /** In that of the last. */
  finish(): void
}

/** Number of entries gathered before they are written: the more, the more of them share a page. */
const GATHERED = 32_768
/** Entries of one portion: a few ms, during which a group waits. */
const PORTION = 512
export const ordinary: { readonly gathered: number; readonly portion: number } = {
  gathered: GATHERED,
  portion: PORTION,
}

export function gather<V>(latest: Map<number, V>): Gathered<V> {
  return { latest, filling: new Map(), sorted: [], added: 0 }
}

/** Writes a portion where enough entries are gathered. */
export function addPortion<V>(db: Database, gathered: Gathered<V>, index: Index<V>, sizes = ordinary): void {
  if (gathered.sorted.length === 0) {
    if (gathered.latest.size < sizes.gathered) return
    begin(gathered, index)
  }
  db.begin()
  // A portion grows with the entries gathered meanwhile, so these stay few.
  const end = Math.min(gathered.added + Math.max(sizes.portion, gathered.latest.size >> 5), gathered.sorted.length)
  for (const [hash, seq] of gathered.sorted.slice(gathered.added, end)) index.add(hash, seq)
  gathered.added = end
  if (end === gathered.sorted.length) {
    index.finish()
    Object.assign(gathered, gather(gathered.latest))
  }
  db.exec('COMMIT')
}

function begin<V>(gathered: Gathered<V>, index: Index<V>): void {
  index.begin?.()
  gathered.filling = new Map(gathered.latest)
  const entries = [...gathered.latest].sort((a, b) => a[0] - b[0])
  gathered.sorted = entries.flatMap(([hash, value]) => index.pairsOf(hash, value))
  gathered.latest.clear()
}
