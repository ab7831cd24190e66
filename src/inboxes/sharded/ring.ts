/**
 * Which shard a delivery belongs to: the one whose place scores highest with the key of the delivery. A shard that is added
 * takes its share from all others, and a shard that is taken out leaves its share to all others; nothing else moves.
 */
import { createHash } from 'node:crypto'
import type { NewDelivery } from '../../ports/inbox/intake.ts'

export type By = 'delivery' | 'source'

/**
 * What a place is to new deliveries. `joining`: it takes its share, and what may have come before is looked for where it would
 * have gone without it. `leaving`: it takes nothing, and what may have come before is looked for in it.
 */
export type State = 'takes' | 'joining' | 'leaving' | 'gone'

export interface Home {
  /** Where a new delivery is stored. */
  readonly place: number
  /** Where the delivery of a repeat may be as well; null: nowhere else. */
  readonly before: number | null
}

export function homeOf(key: string, states: readonly State[]): Home {
  const hash = createHash('sha256').update(key).digest()
  const [first, second] = states
    .flatMap((state, place) => (state === 'gone' ? [] : [{ state, place, score: scoreOf(hash, place) }]))
    .sort((a, b) => b.score - a.score || a.place - b.place)
  if (first === undefined) throw new Error('unreachable: one shard takes deliveries')
  if (first.state === 'takes' || second === undefined) return { place: first.place, before: null }
  return first.state === 'joining'
    ? { place: first.place, before: second.place }
    : { place: second.place, before: first.place }
}

/** Deliveries with one batch id are to meet, so that other bytes under it are noticed. */
export function keyOf({ id, source, batchId }: Pick<NewDelivery, 'id' | 'source' | 'batchId'>, by: By): string {
  if (by === 'source') return source
  return batchId === null ? id : `${source}\0${batchId}`
}

/** 32 bits of the hash, mixed with the place as MurmurHash3 finishes its own. */
function scoreOf(hash: Uint8Array, place: number): number {
  const view = new DataView(hash.buffer, hash.byteOffset)
  let mixed = view.getUint32((place % 8) * 4) ^ Math.imul(place + 1, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
