/** The turn that an event comes to in the order of a handler. */
import type { AnyEvent } from '../../types.ts'
import type { Outcome } from '../call/attempt.ts'
import { type InOrder, Task } from '../call/task.ts'

/** Its turn has come. */
export class Turn extends Task {
  readonly event: AnyEvent
  readonly attempts: number
  readonly alone: boolean
  override readonly outOfOrder: boolean
  readonly #ended: (outcome: Outcome) => void

  constructor({ event, attempts, alone }: InOrder, outOfOrder: boolean, ended: (outcome: Outcome) => void) {
    super()
    this.event = event
    this.attempts = attempts
    this.alone = alone
    this.outOfOrder = outOfOrder
    this.#ended = ended
  }

  done(outcome: Outcome): void {
    this.#ended(outcome)
  }
}
