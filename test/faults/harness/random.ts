/** Numbers that look random and come again with the same seed (mulberry32). */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from `low` to `high`, both inclusive. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

/** The seed of this run: `POSTHORN_SEED` repeats an earlier one. */
export function newSeed(): number {
  const wanted = Number(process.env.POSTHORN_SEED)
  return Number.isInteger(wanted) && process.env.POSTHORN_SEED !== '' ? wanted : Date.now() % 2 ** 31
}
