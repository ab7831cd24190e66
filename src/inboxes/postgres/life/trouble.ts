/**
 * Whether deliveries can be stored. After an error of the database: not until it has answered again. After a delivery
 * could not be stored: not until one as large was stored.
 */
import type { Clock } from '../../../ports/clock.ts'

const PROBE_MS = 1_000

interface Refusal {
  readonly reason: string
  readonly bytes: number
}

export class Trouble {
  readonly #clock: Clock
  #probe: (bytes: number) => Promise<unknown> = async () => {}
  #reason: string | null = null
  #refusal: Refusal | null = null
  #isPlanned = false
  #cancel: () => void = () => {}
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get reason(): string | null {
    return this.#reason ?? this.#refusal?.reason ?? null
  }

  /**
   * `probe` is called once a second while there is trouble; its statements report by `tell`. `bytes`: the size of the
   * body to store; 0: nothing was refused.
   */
  probeWith(probe: (bytes: number) => Promise<unknown>): void {
    this.#probe = probe
  }

  /** Notes an error of a statement; null: a statement succeeded. */
  tell(error: Error | null): void {
    this.#reason = error === null ? null : error.message
    this.#plan()
  }

  /** A delivery of `bytes` could not be stored. */
  refuse(error: Error, bytes: number): void {
    this.#refusal = { reason: error.message, bytes: Math.max(1, bytes, this.#refusal?.bytes ?? 0) }
    this.#plan()
  }

  end(): void {
    this.#isOver = true
    this.#cancel()
  }

  #plan(): void {
    if (this.#isOver || this.#isPlanned || this.reason === null) return
    this.#isPlanned = true
    this.#cancel = this.#clock.after(PROBE_MS, () => this.#try(this.#refusal))
  }

  #try(refusal: Refusal | null): void {
    const next = () => {
      this.#isPlanned = false
      this.#plan()
    }
    const over = () => {
      // A delivery that was refused meanwhile may be larger: it keeps its refusal.
      if (this.#refusal === refusal) this.#refusal = null
      next()
    }
    if (this.reason === null) next()
    else this.#probe(refusal?.bytes ?? 0).then(over, next)
  }
}
