/** Seeded randomness for test data: the same seed gives the same numbers, on every machine. Private. */

/** Mulberry32: numbers from 0 to below 1. Its 32 bits of state are enough for test data, and for nothing secret. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
