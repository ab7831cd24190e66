/** A growing list of offsets, four bytes each. Private. */

/** Most lists of a small body stay empty, and a typed array takes as long as scanning 200 bytes. */
const NONE = new Int32Array(0)
const FIRST_CAPACITY = 16

export class Offsets {
  #kept = NONE
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Undefined past the end. */
  at(index: number): number | undefined {
    return index < this.#length ? this.#kept[index] : undefined
  }

  push(offset: number): void {
    if (this.#length === this.#kept.length) this.#makeRoom(1)
    this.#kept[this.#length++] = offset
  }

  append(offsets: Int32Array): void {
    if (offsets.length === 0) return
    if (this.#length + offsets.length > this.#kept.length) this.#makeRoom(offsets.length)
    this.#kept.set(offsets, this.#length)
    this.#length += offsets.length
  }

  clear(): void {
    this.#length = 0
  }

  /** What is listed now, with anything behind it: for who knows how much that is. Valid until the list grows. */
  get kept(): Int32Array {
    return this.#kept
  }

  /** What is listed now; valid until the list grows. */
  view(): Int32Array {
    if (this.#length === this.#kept.length) return this.#kept
    return this.#kept.subarray(0, this.#length)
  }

  #makeRoom(count: number): void {
    const grown = new Int32Array(Math.max(FIRST_CAPACITY, this.#kept.length * 2, this.#length + count))
    grown.set(this.view())
    this.#kept = grown
  }
}
