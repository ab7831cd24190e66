/** Keys of events, in slices of time that are dropped whole. */
import type { EventKeys } from '../../ports/inbox/event-keys.ts'
import { oldestCounted, oldestSlice, sliceOf, widthOf } from '../rules/key-slices.ts'

interface Kept {
  readonly low: number
  readonly seq: number
}

export class EventKeySlices {
  /** By width, then by number. */
  readonly #slices = new Map<number, Map<number, Map<number, Kept>>>()

  /** While the clock may not be believed nothing expires. */
  keep({ windowMs, at, keys }: EventKeys, seq: number, isSteady: boolean): void {
    const width = widthOf(windowMs)
    if (isSteady) this.#dropExpired(at)
    const slices = this.#slices.get(width) ?? new Map<number, Map<number, Kept>>()
    this.#slices.set(width, slices)
    const slice = slices.get(sliceOf(width, at)) ?? new Map<number, Kept>()
    slices.set(sliceOf(width, at), slice)
    for (const [high, low] of pairs(keys)) if (!slice.has(high)) slice.set(high, { low, seq })
  }

  /** Those of the delivery: what another has taken over since stays its own. */
  forget(windowMs: number, keys: Float64Array, seq: number): void {
    for (const slice of this.#slices.get(widthOf(windowMs))?.values() ?? [])
      for (const [high, low] of pairs(keys)) {
        const kept = slice.get(high)
        if (kept?.low === low && kept.seq === seq) slice.delete(high)
      }
  }

  firstSeen(windowMs: number, keys: Float64Array, now: number, isSteady: boolean): number[] {
    const width = widthOf(windowMs)
    const oldest = oldestCounted(width, now, isSteady)
    const slices = [...(this.#slices.get(width) ?? [])].filter(([number]) => number >= oldest)
    return [...pairs(keys)].map(([high, low]) => {
      const found = slices.map(([, slice]) => slice.get(high)).find((kept) => kept?.low === low)
      return found?.seq ?? 0
    })
  }

  #dropExpired(now: number): void {
    for (const [width, slices] of this.#slices)
      for (const number of slices.keys()) if (number < oldestSlice(width, now)) slices.delete(number)
  }
}

function* pairs(keys: Float64Array): Generator<readonly [number, number]> {
  for (let at = 0; at + 1 < keys.length; at += 2) yield [keys[at] ?? 0, keys[at + 1] ?? 0]
}
