/** What handlers with `orderBy` need of an inbox. */
import type { OrderKey } from './claims.ts'

export interface Ordering {
  /**
   * Makes the first rows of each key due now, at most so many of each, where the very first is parked: those of its
   * first delivery alone, since another may be under claim for other work. Resolves with the keys that have rows at all.
   */
  wake(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]>
}
