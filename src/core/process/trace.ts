/** What a first pass reads, as the inbox keeps it to find events again. */
import { MESSAGE, PERSON, Trace } from '../../lib/trace.ts'
import type { AnyEvent } from '../../types.ts'

export class PassTrace {
  readonly #trace = new Trace()
  #read = 0
  #isWhole = true

  read({ email, messageId }: AnyEvent): void {
    this.#read++
    if (email !== null) this.#trace.add(email, PERSON)
    if (messageId !== null) this.#trace.add(messageId, MESSAGE)
  }

  /** Nothing is left of the element. */
  skip(): void {
    this.#read++
  }

  /** What cannot be read now may be readable later. */
  giveUp(): void {
    this.#isWhole = false
  }

  /** null: not each of the elements is in it. */
  of(count: number): Uint8Array | null {
    return this.#isWhole && this.#read === count ? this.#trace.toBytes() : null
  }
}
