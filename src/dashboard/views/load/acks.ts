/** How long senders wait for their answers: the latest of each, in this process. */
import { watchDoor } from '../../../lib/symbols.ts'
import type { Watched } from '../../../ports/watch-door.ts'

/** Of so many nine may be slower than what is told. */
const LATEST = 1_000

export interface Acks {
  readonly p99Ms: number
  /** So many answers. */
  readonly of: number
}

interface Ring {
  readonly ms: number[]
  next: number
}

const kept = new WeakMap<object, Map<string, Ring>>()

/** Begins to listen; a second call changes nothing. */
export function watchAcks(receiver: Watched): void {
  const door = receiver[watchDoor]
  if (kept.has(door.sources)) return
  const rings = new Map<string, Ring>()
  kept.set(door.sources, rings)
  door.on('stored', ({ source, ackMs }) => {
    const ring = rings.get(source) ?? { ms: [], next: 0 }
    rings.set(source, ring)
    ring.ms[ring.next] = ackMs
    ring.next = (ring.next + 1) % LATEST
  })
}

/** null: none was given since the dashboard was made. */
export function acksOf(receiver: Watched, source: string): Acks | null {
  const ms = kept.get(receiver[watchDoor].sources)?.get(source)?.ms ?? []
  if (ms.length === 0) return null
  const sorted = [...ms].sort((a, b) => a - b)
  return { p99Ms: sorted[Math.min(ms.length - 1, Math.floor(ms.length * 0.99))] ?? 0, of: ms.length }
}
