/** The scan byte by byte: for small bodies, single objects, and where WebAssembly may not run. Private. */

import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COMMA, MINUS, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes.ts'
import type { Findings } from './findings.ts'
import { isNamed, noteIdentifier, noteNumber, startsNumber } from './numbers.ts'
import { MAX_DEPTH } from './tokens.ts'

export class ByteScan {
  readonly #found: Findings
  readonly #names: readonly Uint8Array[]
  readonly #single: boolean
  #depth = 0
  /** Bit d is set while the container at depth d + 1 is an object; deeper ones are only counted. */
  #objects = 0
  #ended = false

  constructor(found: Findings, names: readonly Uint8Array[], single: boolean) {
    this.#found = found
    this.#names = names
    this.#single = single
  }

  /** The array or object is over. */
  get ended(): boolean {
    return this.#ended
  }

  /** The hot loop: strings and plain bytes, with everything in locals; returns where it stopped. */
  advance(from: number, stop: number): number {
    const { bytes } = this.#found
    const length = bytes.length
    let at = from
    while (at < stop) {
      const byte = bytes[at] as number
      if (byte === QUOTE) {
        for (at++; at < length; at++) {
          const inner = bytes[at] as number
          if (inner === QUOTE) break
          if (inner === BACKSLASH) at++
        }
        if (at++ >= length) this.#found.fail('string', length)
      } else if (byte === COMMA) {
        if (this.#depth === 1 && !this.#single) this.#found.border(at)
        at++
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#enter(byte === OPEN_OBJECT, at++)
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#leave(byte === CLOSE_OBJECT, at++)
        if (this.#ended || this.#found.failure !== null) return at
      } else if (startsNumber(byte)) at = this.#number(bytes, at)
      else at++
    }
    return at
  }

  #number(bytes: Uint8Array, at: number): number {
    const { numbers } = this.#found
    const inElement = this.#depth === (this.#single ? 1 : 2) && ((this.#objects >> (this.#depth - 1)) & 1) === 1
    const named = inElement && bytes[at] !== MINUS && isNamed(bytes, at, this.#names)
    return named ? noteIdentifier(bytes, at, numbers) : noteNumber(bytes, at, numbers)
  }

  #enter(object: boolean, at: number): void {
    const bit = 1 << this.#depth
    if (++this.#depth > MAX_DEPTH) this.#found.addDeep(this.#found.count)
    else if (object) this.#objects |= bit
    else this.#objects &= ~bit
    if (this.#depth === 1) this.#found.begin(this.#single ? at - 1 : at)
  }

  #leave(object: boolean, at: number): void {
    const wasObject = (this.#objects & (1 << (this.#depth - 1))) !== 0
    if (this.#depth <= MAX_DEPTH && wasObject !== object) this.#found.fail('balance', at)
    if (--this.#depth > 0) return
    this.#ended = true
    if (this.#single) this.#found.edges.push(at + 1)
    else this.#found.close(at)
  }
}
