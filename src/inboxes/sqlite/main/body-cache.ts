import type { NewDelivery } from '../../../ports/inbox/intake.ts'

/**
 * Deliveries that were just stored and will soon be claimed: at most `maxBytes` of bodies. Once there is no room the new
 * ones stay out: the oldest is claimed next, and to drop it would have every delivery of a backlog read from the file.
 */
export class BodyCache {
  readonly #maxBytes: number
  /** Emptied when it is taken: a Map leaves tables behind, and one that has grown old would hold what was in it then. */
  readonly #bySeq = new Map<number, { delivery: NewDelivery | null }>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** False: there is no room. */
  add(seq: number, delivery: NewDelivery): boolean {
    if (this.#bytes + delivery.body.byteLength > this.#maxBytes) return false
    this.#bySeq.set(seq, { delivery })
    this.#bytes += delivery.body.byteLength
    return true
  }

  /** Removes it. */
  take(seq: number): NewDelivery | undefined {
    const kept = this.#bySeq.get(seq)
    if (!kept?.delivery) return undefined
    const { delivery } = kept
    kept.delivery = null
    this.#bySeq.delete(seq)
    this.#bytes -= delivery.body.byteLength
    return delivery
  }
}
