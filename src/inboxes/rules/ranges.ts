/** Work rows as ranges of elements: how many events they have, and what an erasure leaves of a row. */

/** Both ends inclusive. */
export interface Range {
  readonly first: number
  readonly last: number
}

export const eventsIn = (rows: readonly Range[]): number =>
  rows.reduce((sum, { first, last }) => sum + last - first + 1, 0)

/**
 * - `untouched`: no element of the row is erased
 * - `shrunk`: some are; the row stays without its errors, since they do not say which element they are about
 * - `ended`: all are
 */
export type Left = 'untouched' | 'shrunk' | 'ended'

export function leftOf(range: Range, erased: ReadonlySet<number>): Left {
  const inside = countWithin(range, erased)
  if (inside === 0) return 'untouched'
  return inside === eventsIn([range]) ? 'ended' : 'shrunk'
}

/** Walks the shorter of the two: a row may have a million elements, and so may an erasure. */
function countWithin({ first, last }: Range, erased: ReadonlySet<number>): number {
  let count = 0
  if (last - first < erased.size) for (let index = first; index <= last; index++) count += erased.has(index) ? 1 : 0
  else for (const index of erased) count += first <= index && index <= last ? 1 : 0
  return count
}
