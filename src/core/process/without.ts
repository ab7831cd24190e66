/** What is left of a stretch of elements when some of them are nobody's. */

interface Stretch {
  readonly first: number
  readonly last: number
}

/** The stretch in parts, in order, without the elements of the ascending list. */
export function* without<S extends Stretch>(stretch: S, elements: readonly number[]): Generator<S> {
  let { first } = stretch
  for (let at = firstFrom(elements, first); ; at++) {
    const next = elements[at] ?? Number.POSITIVE_INFINITY
    if (first < next && first <= stretch.last) yield { ...stretch, first, last: Math.min(next - 1, stretch.last) }
    if (next >= stretch.last) return
    first = next + 1
  }
}

/** Where in the ascending list the first number stands that is not below `least`. */
function firstFrom(numbers: readonly number[], least: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] as number) < least) low = middle + 1
    else high = middle
  }
  return low
}
