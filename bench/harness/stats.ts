/** The few numbers that a series is told by. */

/** The value at rank `share` (0 to 1), between neighbours where the rank is (type 7). `sorted` ascends, not empty. */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = (sorted.length - 1) * share
  const low = sorted[Math.floor(rank)] as number
  const high = sorted[Math.ceil(rank)] as number
  return low + (high - low) * (rank - Math.floor(rank))
}

export interface Spread {
  readonly count: number
  readonly min: number
  readonly p25: number
  readonly median: number
  readonly p75: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** @throws RangeError when there are no values */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('a series without values has no spread')
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => quantile(sorted, share)
  const [min, p25, median, p75] = [at(0), at(0.25), at(0.5), at(0.75)]
  return { count: sorted.length, min, p25, median, p75, p90: at(0.9), p99: at(0.99), max: at(1) }
}

/** Round by round, so that what a machine does to one round it does to both; as many as both have. */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.slice(0, to.length).map((value, round) => value / (to[round] as number))
}
