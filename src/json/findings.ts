/** What a scan has found so far, whichever way it goes over the bytes. Private. */
import { isSpace } from './numbers.ts'
import { Offsets } from './offsets.ts'

const MAX_ELEMENTS = 1_000_000

export const NOT_BALANCED = 'the body is not balanced'
export const IN_STRING = 'the body ends inside a string'

const NONE: ReadonlySet<number> = new Set()

export class Findings {
  readonly bytes: Uint8Array
  /** Where the array opens, then the end of each element. */
  readonly edges = new Offsets()
  /** Starts and ends of number tokens, in turn. */
  readonly numbers = new Offsets()
  #deep: Set<number> | null = null
  #failure: string | null = null

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** The first one stays. */
  get failure(): string | null {
    return this.#failure
  }

  /** Elements whose end was found. */
  get count(): number {
    return this.edges.length - 1
  }

  /** Elements nested too deeply. */
  get deep(): ReadonlySet<number> {
    return this.#deep ?? NONE
  }

  addDeep(index: number): void {
    this.#deep ??= new Set()
    this.#deep.add(index)
  }

  fail(failure: string): void {
    this.#failure ??= failure
  }

  /** The body is an array that opens there, or its one element begins behind. */
  begin(at: number): void {
    this.edges.push(at)
  }

  /** An element ends there, and another begins behind. */
  border(at: number): void {
    this.checkElement(this.count, at)
    this.failAbove(MAX_ELEMENTS - 1)
    this.edges.push(at)
  }

  /** The array ends there. */
  close(at: number): void {
    if (this.count > 0 || !this.#isEmpty(0, at)) this.border(at)
  }

  /** Fails where nothing but white space stands between an element's start and its end. */
  checkElement(index: number, end: number): void {
    if (this.#isEmpty(index, end)) this.fail(`element ${index} is empty`)
  }

  /** Fails where so many elements have ended, by default as many as there may be. */
  failAbove(count = MAX_ELEMENTS): void {
    if (this.count > count) this.fail(`the body has more than ${MAX_ELEMENTS} elements`)
  }

  clear(): void {
    this.edges.clear()
    this.numbers.clear()
    this.#deep = null
  }

  #isEmpty(index: number, end: number): boolean {
    let at = end
    while (isSpace(this.bytes[at - 1])) at--
    return at <= (this.edges.at(index) as number) + 1
  }
}
