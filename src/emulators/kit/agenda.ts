/** What is to be done when: a binary heap by time, then by order of entry. Private. */

export interface Entry {
  readonly at: number
  readonly run: () => unknown
  cancelled: boolean
}

interface Placed extends Entry {
  readonly order: number
}

export class Agenda {
  readonly #heap: Placed[] = []
  #entered = 0

  add(at: number, run: () => unknown): Entry {
    const entry: Placed = { at, run, cancelled: false, order: this.#entered++ }
    this.#heap.push(entry)
    this.#rise(this.#heap.length - 1)
    return entry
  }

  /** Takes out all entries of the earliest time that is not after `end`, in order of entry; none when there is no such time. */
  takeNext(end: number): Entry[] {
    const taken: Entry[] = []
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      if (head.at > (taken[0]?.at ?? end)) break
      this.#dropHead()
      taken.push(head)
    }
    return taken
  }

  /** The earliest entry; cancelled ones leave on the way. */
  #head(): Placed | undefined {
    while (this.#heap[0]?.cancelled) this.#dropHead()
    return this.#heap[0]
  }

  #dropHead(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfBefore(at, parent)) return
      at = parent
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const child = this.#isBefore(right, left) ? right : left
      if (!this.#swapIfBefore(child, at)) return
      at = child
    }
  }

  #swapIfBefore(a: number, b: number): boolean {
    if (!this.#isBefore(a, b)) return false
    const [first, second] = [this.#heap[a], this.#heap[b]]
    if (first !== undefined && second !== undefined) [this.#heap[a], this.#heap[b]] = [second, first]
    return true
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]]
    if (first === undefined || second === undefined) return false
    return first.at === second.at ? first.order < second.order : first.at < second.at
  }
}
