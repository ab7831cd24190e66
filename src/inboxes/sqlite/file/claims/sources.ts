/**
 * The sources of a claim request: deliveries of others are passed over, and wait for a process that has their source.
 */
import type { Database } from '../db/database.ts'
import { type DeliverySummary, readSummary } from '../ledger/delivery-summary.ts'
import type { Ledger } from '../ledger/ledger.ts'

export class AskedSources {
  readonly #db: Database
  readonly #names: ReadonlySet<string>
  readonly #passedOver: Map<number, string>
  /** Sources of deliveries that were passed over. */
  readonly unknown = new Set<string>()

  constructor(db: Database, { passedOver }: Pick<Ledger, 'passedOver'>, names: readonly string[]) {
    this.#db = db
    this.#names = new Set(names)
    this.#passedOver = passedOver
  }

  /**
   * Whether the delivery is of an asked source. True also where its row is missing: reading it will show the damage.
   */
  has(seq: number, facts: DeliverySummary | null = readSummary(this.#db, seq)): boolean {
    if (facts === null || this.#names.has(facts.source)) {
      this.#passedOver.delete(seq)
      return true
    }
    this.#passedOver.set(seq, facts.source)
    this.unknown.add(facts.source)
    return false
  }
}

/** How many deliveries claims have passed over, by source. */
export function countPassedOver({ passedOver }: Pick<Ledger, 'passedOver'>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const source of passedOver.values()) counts[source] = (counts[source] ?? 0) + 1
  return counts
}
