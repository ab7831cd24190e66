/** A growing list of offsets, four bytes each. Private. */

const FIRST_CAPACITY = 64

export class Offsets {
  #kept = new Int32Array(FIRST_CAPACITY)
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
    if (this.#length + offsets.length > this.#kept.length) this.#makeRoom(offsets.length)
    this.#kept.set(offsets, this.#length)
    this.#length += offsets.length
  }

  clear(): void {
    this.#length = 0
  }

  /** What is listed now; valid until the list grows. */
  view(): Int32Array {
    return this.#kept.subarray(0, this.#length)
  }

  #makeRoom(count: number): void {
    const grown = new Int32Array(Math.max(this.#kept.length * 2, this.#length + count))
    grown.set(this.view())
    this.#kept = grown
  }
}
