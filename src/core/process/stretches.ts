/** Sets of elements as stretches: ascending, both ends inclusive, with gaps between. */
import type { Stretch } from '../../ports/inbox/progress.ts'

/** What lies in none of the holes, from `first` on and before `end`; holes are ascending. */
export function between(holes: readonly Stretch[], first: number, end: number): Stretch[] {
  const found: Stretch[] = []
  let from = first
  for (const hole of holes) {
    if (hole[0] > from) found.push([from, Math.min(hole[0], end) - 1])
    from = Math.max(from, hole[1] + 1)
    if (from >= end) return found
  }
  if (from < end) found.push([from, end - 1])
  return found
}

export function united(a: readonly Stretch[], b: readonly Stretch[]): Stretch[] {
  if (a.length === 0 || b.length === 0) return [...a, ...b]
  const all: [number, number][] = []
  for (const [first, last] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const open = all.at(-1)
    if (open !== undefined && first <= open[1] + 1) open[1] = Math.max(open[1], last)
    else all.push([first, last])
  }
  return all
}

export function contains(stretches: readonly Stretch[], index: number): boolean {
  const stretch = stretches[firstFrom(stretches, index)]
  return stretch !== undefined && stretch[0] <= index
}

export const sizeOf = (stretches: readonly Stretch[]): number =>
  stretches.reduce((sum, [first, last]) => sum + last - first + 1, 0)

interface Range {
  readonly first: number
  readonly last: number
}

/** The range in parts, in order, without what lies in the stretches. */
export function* without<R extends Range>(range: R, stretches: readonly Stretch[]): Generator<R> {
  let { first } = range
  for (let at = firstFrom(stretches, first); first <= range.last; at++) {
    const next = stretches[at] ?? AFTER_ALL
    if (first < next[0]) yield { ...range, first, last: Math.min(next[0] - 1, range.last) }
    first = next[1] + 1
  }
}

const AFTER_ALL: Stretch = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]

/** Where in the list the first stretch stands that does not end before the element. */
function firstFrom(stretches: readonly Stretch[], index: number): number {
  let [low, high] = [0, stretches.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((stretches[middle] as Stretch)[1] < index) low = middle + 1
    else high = middle
  }
  return low
}
