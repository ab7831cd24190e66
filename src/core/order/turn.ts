/** The turn that an event comes to in the order of a handler. */
import type { PassAbout } from '../../ports/instrument.ts'
import type { AnyEvent } from '../../types.ts'
import type { Outcome } from '../call/attempt.ts'
import { type InOrder, Task } from '../call/task.ts'

/** Its turn has come. */
export class Turn extends Task {
  readonly event: AnyEvent
  readonly attempts: number
  readonly alone: boolean
  override readonly outOfOrder: boolean
  readonly #about: PassAbout | null
  readonly #ended: (outcome: Outcome) => void

  constructor({ event, attempts, alone, about }: InOrder, outOfOrder: boolean, ended: (outcome: Outcome) => void) {
    super()
    this.event = event
    this.attempts = attempts
    this.alone = alone
    this.outOfOrder = outOfOrder
    this.#about = about
    this.#ended = ended
  }

  override get about(): PassAbout | null {
    return this.#about
  }

  done(outcome: Outcome): void {
    this.#ended(outcome)
  }
}
