/**
 * A trace: what says of a delivery that it cannot have an event for an address, or with a message id. Of each of these, a hash
 * of four bytes; some of another's may look the same, so what the trace lets through is read. It lies beside the bodies that
 * hold the texts themselves, and goes with them. It says what was read once: a version that reads recipients or message ids
 * otherwise comes with a migration that takes all traces away, as a change of test/golden/traces tells. Private.
 */
import { endianness } from 'node:os'

/** Of what the text is; two hashes begin with different numbers. */
export const PERSON = 0x811c9dc5
export const MESSAGE = 0x2f0b4c47
export type Traced = typeof PERSON | typeof MESSAGE

/** Spread evenly over 32 bits: FNV-1a, and what MurmurHash3 ends with. Addresses are as `canonicalEmail` writes them. */
function hashOf(text: string, begin: Traced): number {
  let hash: number = begin
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** In the making. */
export class Trace {
  #hashes = new Uint32Array(2)
  #count = 0

  add(text: string, what: Traced): void {
    if (this.#count === this.#hashes.length) this.#grow()
    this.#hashes[this.#count++] = hashOf(text, what)
  }

  #grow(): void {
    const larger = new Uint32Array(this.#hashes.length * 4)
    larger.set(this.#hashes)
    this.#hashes = larger
  }

  /** Each hash once; nothing is added from now on. */
  toBytes(): Uint8Array {
    const sorted = this.#hashes.subarray(0, this.#count).sort()
    let end = 0
    for (let at = 0; at < sorted.length; at++)
      if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[end++] = sorted[at] as number
    const bytes = Buffer.from(sorted.buffer, 0, end * sorted.BYTES_PER_ELEMENT)
    // A file may be carried from one machine to another.
    return endianness() === 'LE' ? bytes : bytes.swap32()
  }
}

/** What stands in the trace of a delivery that has the text. */
export function traceOf(text: string, what: Traced): Uint8Array {
  const trace = new Trace()
  trace.add(text, what)
  return trace.toBytes()
}
