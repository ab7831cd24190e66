/** Work rows as ranges of elements: how many events they are, and what is left of one after an erasure. */

/** Both ends are of it. */
export interface Range {
  readonly first: number
  readonly last: number
}

export const eventsIn = (rows: readonly Range[]): number =>
  rows.reduce((sum, { first, last }) => sum + last - first + 1, 0)

/**
 * - `untouched`: no erased element is in it
 * - `shrunk`: it goes on without them, and without its errors: nobody knows which element they are of
 * - `ended`: nothing else was in it
 */
export type Left = 'untouched' | 'shrunk' | 'ended'

export function leftOf(range: Range, erased: ReadonlySet<number>): Left {
  const inside = countWithin(range, erased)
  if (inside === 0) return 'untouched'
  return inside === eventsIn([range]) ? 'ended' : 'shrunk'
}

/** By the shorter way: a row may be about a million elements, a person too. */
function countWithin({ first, last }: Range, erased: ReadonlySet<number>): number {
  let count = 0
  if (last - first < erased.size) for (let index = first; index <= last; index++) count += erased.has(index) ? 1 : 0
  else for (const index of erased) count += first <= index && index <= last ? 1 : 0
  return count
}
