import type { NewDelivery } from '../../core/ports.ts'

/** Deliveries that were just stored and will soon be claimed: at most `maxBytes` of bodies, the oldest dropped first. */
export class BodyCache {
  readonly #maxBytes: number
  readonly #bySeq = new Map<number, NewDelivery>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(seq: number, delivery: NewDelivery): void {
    this.#bySeq.set(seq, delivery)
    this.#bytes += delivery.body.byteLength
    for (const oldest of this.#bySeq.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.take(oldest)
    }
  }

  /** Removes it. */
  take(seq: number): NewDelivery | undefined {
    const delivery = this.#bySeq.get(seq)
    if (!delivery) return undefined
    this.#bySeq.delete(seq)
    this.#bytes -= delivery.body.byteLength
    return delivery
  }
}
