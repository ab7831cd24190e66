/** Loads deliveries with their bytes, in portions of some megabytes. */
import { portionsOf } from '../../rules/portions.ts'
import type { Session } from '../db/database.ts'
import { type StoredRead, selectWithBodies, toRead } from './read.ts'

const PORTION_BYTES = 8 << 20

export interface Sized {
  readonly seq: number
  readonly bytes: number
}

/** By `seq`; what is not stored is not there. */
export async function load(
  db: Pick<Session, 'copy'>,
  wanted: readonly Sized[],
): Promise<ReadonlyMap<number, StoredRead>> {
  const reads = new Map<number, StoredRead>()
  for (const seqs of portionsOf(wanted, PORTION_BYTES)) {
    const rows = await db.copy(selectWithBodies(seqs))
    for (const read of await Promise.all(rows.map(toRead)))
      reads.set('damage' in read ? read.seq : read.delivery.seq, read)
  }
  return reads
}

export async function loadOne(db: Pick<Session, 'copy'>, seq: number): Promise<StoredRead | null> {
  return (await load(db, [{ seq, bytes: 0 }])).get(seq) ?? null
}
