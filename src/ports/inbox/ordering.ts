/** What handlers with `orderBy` need of an inbox. */
import type { OrderKey } from './claims.ts'

export interface Ordering {
  /**
   * For each key whose first row is parked: makes its first rows due now, at most `atMost`, all of the delivery that
   * the first row belongs to. Resolves with the keys that have rows. Skips keys of handlers that another process runs.
   */
  wake(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]>
}
