/** Deliveries on their way into the database, and what became of them. */
import type { Accepted, NewDelivery } from '../../../ports/inbox/intake.ts'
import type { Coded } from './coding.ts'

/** A delivery to be stored, with everybody who waits for that: the first, and repeats of it. */
export interface Waiting {
  readonly delivery: NewDelivery
  readonly hash: string
  readonly coded: Coded
  readonly waiters: { resolve(accepted: Accepted): void; reject(error: unknown): void }[]
}

export interface Stored extends Accepted {
  /** Dead letters of it stand. */
  readonly dead: boolean
}
