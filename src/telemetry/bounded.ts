/** Values of a label. No sender may make series without end: past so many, the rest is `other`. */
export class Bounded {
  readonly #most: number
  readonly #expected: () => readonly string[]
  readonly #known = new Set<string>()

  /** `expected` have their place before what comes: they are shown before anything does. */
  constructor(most: number, expected: () => readonly string[] = () => []) {
    this.#most = most
    this.#expected = expected
  }

  of(value: string): string {
    if (this.#known.has(value)) return value
    if (this.#known.size >= this.#most) return OTHER
    for (const one of [...this.#expected(), value]) if (this.#known.size < this.#most) this.#known.add(one)
    return this.#known.has(value) ? value : OTHER
  }
}

const OTHER = 'other'
