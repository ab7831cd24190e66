/** What could be claimed. */
import type { Sized } from '../../../rules/in-turn.ts'
import type { Facts } from '../ledger/facts.ts'

export interface Candidate extends Sized {
  readonly seq: number
  /** Work rows of it; otherwise it is its first pass. */
  readonly work: boolean
  readonly careful: boolean
  /** null: its row is missing. */
  readonly facts: Facts | null
}
