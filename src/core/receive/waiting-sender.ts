/** Whether the sender of a post still waits for its answer. */
import type { SenderDeparture } from '../../types.ts'
import type { From, ReceiveParts } from './parts.ts'

/** Of one authenticated post whose body is complete. Tells once that its sender has hung up, when it happens. */
export class WaitingSender {
  readonly #parts: ReceiveParts
  readonly #from: From
  readonly #deliveryId: string
  #seq: number | null = null
  #left = false
  #gone: AbortController | null = null

  constructor(parts: ReceiveParts, from: From, deliveryId: string) {
    this.#parts = parts
    this.#from = from
    this.#deliveryId = deliveryId
    from.request.whenLeft(() => this.leave(false))
  }

  /** Its delivery is durable, at this place of the log. */
  committed(seq: number): void {
    this.#seq = seq
    if (this.#left) this.#parts.inbox.intake.noteSenderLeft(seq)
  }

  /** It will not see the answer: it has hung up, or the host has given it another. */
  leave(hostAnswered: boolean): void {
    if (this.#left) return
    this.#left = true
    tellSenderLeft(this.#parts, this.#from, {
      deliveryId: this.#deliveryId,
      committed: this.#seq !== null,
      hostAnswered,
    })
    if (this.#seq !== null) this.#parts.inbox.intake.noteSenderLeft(this.#seq)
    this.#gone?.abort()
  }

  /** Made when it is asked for: with `ack: 'stored'` nobody does. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController()
    if (this.#left) this.#gone.abort()
    return this.#gone.signal
  }
}

/** Tells of a sender that hung up, also of one whose body was not complete: `deliveryId` is null then. */
export function tellSenderLeft(
  { clock, tell }: ReceiveParts,
  { source, beganAt }: Pick<From, 'source' | 'beganAt'>,
  what: Omit<SenderDeparture, 'source' | 'afterMs'>,
): void {
  tell('senderLeft', { source, ...what, afterMs: Math.max(0, clock.now() - beganAt) })
}
