/** Identifiers of events and of the copies they are about. */
import type { Message } from '../kit/message.ts'
import type { Random } from '../kit/random.ts'

export interface CopyIds {
  /** 20 hexadecimal digits. */
  readonly messageId: string
  readonly messageUuid: string
  /** Beyond 2^53. */
  readonly transmissionId: string
  readonly spoolName: string
  readonly batchName: string
  readonly connection: string
}

export class Ids {
  readonly #random: Random
  readonly #copies = new WeakMap<Message, CopyIds>()
  #events = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** 18 decimal digits, as the samples of SparkPost's API have at most; never the same twice. */
  event(): string {
    return `${this.#random.digits(9)}${String(this.#events++).padStart(9, '0')}`
  }

  /** An id of a relay webhook: beyond 2^53. */
  decimal(): string {
    return this.#random.digits(17)
  }

  /** A batch id of a batch, an id of a webhook. */
  uuid(): string {
    return this.#random.uuid()
  }

  /** The same for all events of a message. */
  copyOf(message: Message): CopyIds {
    const known = this.#copies.get(message)
    if (known !== undefined) return known
    const copy = this.#newCopy(message)
    this.#copies.set(message, copy)
    return copy
  }

  #newCopy({ random }: Message): CopyIds {
    const own = random.fork(1)
    const spool = () => `${own.hex(2)}/00-${own.digits(5)}-${own.hex(8)}`.toUpperCase()
    return {
      messageId: own.hex(20),
      messageUuid: own.uuid(),
      transmissionId: own.digits(17),
      spoolName: spool(),
      batchName: spool(),
      connection: spool(),
    }
  }
}
