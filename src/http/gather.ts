/** Bytes that come in chunks, put together in memory of their own. */
import { createHash, type Hash } from 'node:crypto'
import { letGo } from '../lib/let-go.ts'

export interface Gathered {
  readonly bytes: Uint8Array
  /** Their SHA-256 where it was made on the way; null: it is still to be made. */
  readonly sha256: Uint8Array | null
  /** Nobody else has the memory behind them. */
  readonly own: boolean
}

/** Memory for so many bytes. */
export type Allocate = (bytes: number) => Uint8Array

/** Smaller ones are put together, and hashed, in one go each. */
const LARGE = 256 * 1024

/**
 * Large bytes are hashed chunk by chunk: what has just come is still in the cache of the processor, and no step is long.
 *
 * Where their length was announced, each chunk goes to its place at once. The memory is asked for with the first chunk,
 * not as it fills up, which would copy again and again: the system gives a page when it is written, so a sender who
 * announces much and sends little holds little new memory, and what all senders announce is bounded as bytes in flight.
 */
export class Gatherer {
  readonly #announced: number
  readonly #allocate: Allocate
  #total = 0
  /** The front, where the length was announced. */
  #whole: Uint8Array | null = null
  readonly #parts: Uint8Array[] = []
  /** Those of the parts that nobody else reads. */
  readonly #spare: Uint8Array[] = []
  #hash: Hash | null = null

  /**
   * `announced` is the length to come, null where it is not known; neither less nor more than that is an error. `allocate`
   * gives the memory for it, which nobody else has; what stands in it does not matter.
   */
  constructor(announced: number | null = null, allocate: Allocate = (bytes) => new Uint8Array(bytes)) {
    this.#announced = announced ?? 0
    this.#allocate = allocate
  }

  get total(): number {
    return this.#total
  }

  /** `spare`: nobody else reads the chunk; its memory is let go once it is copied. */
  add(chunk: Uint8Array, spare = false): void {
    if (this.#hash === null && Math.max(this.#announced, this.#total + chunk.length) > LARGE) this.#becomeLarge()
    this.#hash?.update(chunk)
    const end = this.#total + chunk.length
    if (this.#whole !== null && end <= this.#whole.length) {
      this.#whole.set(chunk, this.#total)
      if (spare) letGo(chunk)
    } else {
      this.#parts.push(chunk)
      if (spare) this.#spare.push(chunk)
    }
    this.#total = end
  }

  end(): Gathered {
    const own = this.#whole !== null || this.#parts.length > 1
    const bytes = this.#bytes()
    if (own) for (const part of this.#spare) letGo(part)
    return { bytes, sha256: this.#hash?.digest() ?? null, own }
  }

  #becomeLarge(): void {
    this.#hash = createHash('sha256')
    for (const part of this.#parts) this.#hash.update(part)
    if (this.#announced > LARGE) this.#whole = this.#allocate(this.#announced)
  }

  #bytes(): Uint8Array {
    const whole = this.#whole
    if (whole === null) return join(this.#parts, this.#total)
    if (whole.length === this.#total) return whole
    const rest = this.#parts.reduce((sum, part) => sum + part.length, 0)
    return join([whole.subarray(0, this.#total - rest), ...this.#parts], this.#total)
  }
}

function join(parts: readonly Uint8Array[], total: number): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array
  const whole = new Uint8Array(total)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
