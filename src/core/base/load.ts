/** What is under way on the way to an acknowledgement; the process half gives way to it. */

/** Steps of requests, with the bytes that they hold. */
export class Load {
  #bytes = 0
  #requests = 0
  #begun = 0
  /** Told once, when no request is left. */
  readonly #onNone: (() => void)[] = []

  get bytes(): number {
    return this.#bytes
  }

  get requests(): number {
    return this.#requests
  }

  /** All bodies that have ever begun to come in. */
  get begun(): number {
    return this.#begun
  }

  /** A body begins to come in: as `enter`. */
  begin(bytes: number): void {
    this.#begun++
    this.enter(bytes)
  }

  enter(bytes = 0): void {
    this.#bytes += bytes
    this.#requests++
  }

  leave(): void {
    this.#requests--
    if (this.#requests === 0) for (const tell of this.#onNone.splice(0)) tell()
  }

  onNone(tell: () => void): void {
    this.#onNone.push(tell)
  }

  take(bytes: number): void {
    this.#bytes += bytes
  }

  free(bytes: number): void {
    this.#bytes -= bytes
  }
}
