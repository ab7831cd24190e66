/** What could be claimed. */
import type { Candidate as Choosable } from '../../../rules/choose.ts'
import type { Facts } from '../ledger/facts.ts'

export interface Candidate extends Choosable {
  /** null: its row is missing. */
  readonly facts: Facts | null
}
