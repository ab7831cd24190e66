/** What a scan has found so far, whichever way it goes over the bytes. Private. */
import { isSpace } from './numbers.ts'
import { Offsets } from './offsets.ts'

const MAX_ELEMENTS = 1_000_000

/** What keeps the borders of the elements from being told. */
export type ScanFailureKind = keyof typeof SENTENCES

const SENTENCES = {
  encoding: 'the body is not UTF-8',
  start: 'the body is not a JSON array or object',
  balance: 'the body is not balanced',
  string: 'the body ends inside a string',
  end: 'the body ends too early',
  behind: 'the body goes on after its end',
  empty: 'an element is empty',
  many: `the body has more than ${MAX_ELEMENTS} elements`,
} as const

/** Why a body has no elements. */
export interface ScanFailure {
  /** One sentence without payload. */
  readonly failure: string
  readonly kind: ScanFailureKind
  /** The offset where it showed; null where it is about the body as a whole. */
  readonly at: number | null
  /** Where the element begins in which it showed; `at` where there is none. */
  readonly from: number
}

const NONE: ReadonlySet<number> = new Set()

export class Findings {
  readonly bytes: Uint8Array
  /** Where the array opens, then the end of each element. */
  readonly edges = new Offsets()
  /** Starts and ends of number tokens, in turn. */
  readonly numbers = new Offsets()
  #deep: Set<number> | null = null
  #failure: ScanFailureKind | null = null
  #failedAt: number | null = null

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** The first one stays. */
  get failure(): ScanFailureKind | null {
    return this.#failure
  }

  /** null: there is none. */
  whole(): ScanFailure | null {
    const [kind, at] = [this.#failure, this.#failedAt]
    return kind === null ? null : { failure: SENTENCES[kind], kind, at, from: this.#startBefore(at ?? 0) }
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

  fail(failure: ScanFailureKind, at: number | null = null): void {
    if (this.#failure !== null) return
    this.#failure = failure
    this.#failedAt = at
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
    if (this.#isEmpty(index, end)) this.fail('empty', end)
  }

  /** Fails where so many elements have ended, by default as many as there may be. */
  failAbove(count = MAX_ELEMENTS): void {
    if (this.count > count) this.fail('many')
  }

  clear(): void {
    this.edges.clear()
    this.numbers.clear()
    this.#deep = null
  }

  /** Behind the last edge that lies before an offset. */
  #startBefore(at: number): number {
    let edge = this.edges.length - 1
    while (edge >= 0 && (this.edges.at(edge) as number) >= at) edge--
    return edge < 0 ? at : (this.edges.at(edge) as number) + 1
  }

  #isEmpty(index: number, end: number): boolean {
    let at = end
    while (isSpace(this.bytes[at - 1])) at--
    return at <= (this.edges.at(index) as number) + 1
  }
}
