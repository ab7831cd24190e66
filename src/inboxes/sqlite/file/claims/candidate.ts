/** A delivery whose first pass, or work rows, could be claimed. */
import type { Candidate as Choosable } from '../../../rules/choose.ts'
import type { DeliverySummary } from '../ledger/delivery-summary.ts'

export interface Candidate extends Choosable {
  /** null: the row of the delivery is missing. */
  readonly facts: DeliverySummary | null
}
