/** Values of a label. No sender may make series without end: past so many, the rest is `other`. */
export class Bounded {
  readonly #most: number
  readonly #known = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  of(value: string): string {
    if (this.#known.has(value)) return value
    if (this.#known.size >= this.#most) return OTHER
    this.#known.add(value)
    return value
  }
}

const OTHER = 'other'
