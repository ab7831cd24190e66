/** Which credentials are in use: for the end of a rotation. */
import type { CredentialUse } from '../../public/receiver.ts'

interface Use {
  count: number
  at: number | null
}

/** A function of the user's may invent labels without end: what comes past so many of a source counts as `other`. */
const MOST_LABELS = 100
const OTHER = 'other'

export class CredentialUses {
  readonly #sources = new Map<string, Map<string | null, Use>>()
  /** When they were used before the start, by source and label. */
  readonly #before = new Map<string, Map<string | null, number>>()

  /** Of an earlier process. */
  remember(source: string, label: string | null, at: number): void {
    const before = this.#before.get(source) ?? new Map<string | null, number>()
    this.#before.set(source, before.set(label, at))
    const use = this.#sources.get(source)?.get(label)
    if (use !== undefined) use.at ??= at
  }

  add(source: string, label: string | null, at: number): void {
    const use = this.of(source, label)
    use.count++
    use.at = at
  }

  of(source: string, label: string | null): Use {
    const uses = this.#sources.get(source) ?? new Map<string | null, Use>()
    this.#sources.set(source, uses)
    const known = uses.get(label)
    if (known !== undefined) return known
    if (uses.size >= MOST_LABELS && label !== OTHER) return this.of(source, OTHER)
    const use: Use = { count: 0, at: this.#before.get(source)?.get(label) ?? null }
    uses.set(label, use)
    return use
  }

  /** When the last delivery to the source came before the start, in epoch ms; null: none that is known. */
  lastBefore(source: string): number | null {
    const before = this.#before.get(source)
    return before === undefined ? null : Math.max(...before.values())
  }

  read(): Record<string, CredentialUse[]> {
    return Object.fromEntries([...this.#sources].map(([source, uses]) => [source, [...uses].map(shown)]))
  }
}

function shown([label, { count, at }]: [string | null, Use]): CredentialUse {
  return { label, count, lastUsedAt: at === null ? null : new Date(at) }
}
