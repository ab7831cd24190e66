/** Uses of credentials: how they are told apart, and how many there may be. */

/** A function of the user's may invent labels without end: what comes past so many of a source counts as `other`. */
const MOST_LABELS = 100
const OTHER = 'other'

/** The latest actions that are kept. */
export const MOST_ACTIONS = 1_000

/** By source and label. */
export class Uses<T> {
  readonly #sources = new Map<string, Map<string | null, T>>()

  /** Of the label, or of the others; `make` makes the first. */
  of(source: string, label: string | null, make: (label: string | null) => T): T {
    const labels = this.#sources.get(source) ?? new Map<string | null, T>()
    this.#sources.set(source, labels)
    const known = labels.get(label)
    if (known !== undefined) return known
    const told = labels.has(OTHER) ? labels.size - 1 : labels.size
    if (told >= MOST_LABELS && label !== OTHER) return this.of(source, OTHER, make)
    const made = make(label)
    labels.set(label, made)
    return made
  }

  *all(): Generator<T> {
    for (const labels of this.#sources.values()) yield* labels.values()
  }
}
