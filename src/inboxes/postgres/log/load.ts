/** Loads deliveries with their bytes, in portions of some megabytes. */
import type { Session } from '../db/database.ts'
import { type Read, selectWithBodies, toRead } from './read.ts'

const PORTION_BYTES = 8 << 20

export interface Sized {
  readonly seq: number
  readonly bytes: number
}

/** By `seq`; what is not stored is not there. */
export async function load(db: Pick<Session, 'copy'>, wanted: readonly Sized[]): Promise<ReadonlyMap<number, Read>> {
  const reads = new Map<number, Read>()
  for (const seqs of portionsOf(wanted)) {
    const rows = await db.copy(selectWithBodies(seqs))
    for (const read of await Promise.all(rows.map(toRead)))
      reads.set('damage' in read ? read.seq : read.delivery.seq, read)
  }
  return reads
}

export async function loadOne(db: Pick<Session, 'copy'>, seq: number): Promise<Read | null> {
  return (await load(db, [{ seq, bytes: 0 }])).get(seq) ?? null
}

function portionsOf(wanted: readonly Sized[]): number[][] {
  const portions: number[][] = []
  let bytes = 0
  for (const one of wanted) {
    const last = portions.at(-1)
    if (last && bytes + one.bytes <= PORTION_BYTES) last.push(one.seq)
    else {
      portions.push([one.seq])
      bytes = 0
    }
    bytes += one.bytes
  }
  return portions
}
