/** Uses of credentials: how they are told apart, and how many there may be. */

/** Labels of a source; further ones count as `other`, since a function of the user may invent labels without end. */
const MOST_LABELS = 100
const OTHER = 'other'

/** How many of the latest actions are kept. */
export const MOST_ACTIONS = 1_000

/** Uses by source and label. */
export class Uses<T> {
  readonly #sources = new Map<string, Map<string | null, T>>()

  /** The use of the label, or of `other`; `make` makes it where there is none yet. */
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
