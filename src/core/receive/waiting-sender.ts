/** Whether the sender of a post still waits for its answer. */
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
    from.request.whenLeft(() => this.leave())
  }

  /** Its delivery is durable, at this place of the log. */
  committed(seq: number): void {
    this.#seq = seq
    if (this.#left) this.#parts.inbox.noteSenderLeft(seq)
  }

  /** It will not see the answer. */
  leave(): void {
    if (this.#left) return
    this.#left = true
    tellSenderLeft(this.#parts, this.#from, { deliveryId: this.#deliveryId, committed: this.#seq !== null })
    if (this.#seq !== null) this.#parts.inbox.noteSenderLeft(this.#seq)
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
  { clock, senderLeft }: ReceiveParts,
  { source, beganAt }: Pick<From, 'source' | 'beganAt'>,
  what: { readonly deliveryId: string | null; readonly committed: boolean },
): void {
  senderLeft({ source, ...what, afterMs: Math.max(0, clock.now() - beganAt) })
}
