/**
 * One linear pass over a JSON body: element borders, balance, depth, and the numbers that are wanted as text: those that a
 * double cannot hold, and identifiers. Nothing is parsed here, so no bomb reaches `JSON.parse` and recipients' digits
 * inside strings stay untouched.
 */
import { isUtf8 } from 'node:buffer'
import { OPEN_ARRAY, OPEN_OBJECT } from './bytes.ts'
import { Findings, type ScanFailure } from './findings.ts'
import { isSpace } from './numbers.ts'
import { ByteScan } from './scan-bytes.ts'
import { WordScan } from './scan-words.ts'
import { canFindTokens, namesToFind } from './tokens.ts'

/** Smaller bodies gain less from the fast way than its call costs, in bytes. */
const WORTH_CALLING = 1_024

/** What the scan has proved about a body that is balanced, and an array or one object. */
export interface Scan {
  readonly count: number
  /**
   * Whether all of it is UTF-8. Where it is not, its elements may be: what stands between borders is ASCII, whose bytes
   * are part of no other character, in UTF-8 or in what old senders mix into it.
   */
  readonly utf8: boolean
  /** Element i of `count` stands behind offset `edges[i]` and before `edges[i + 1]`; white space included. */
  readonly edges: Int32Array
  /** Elements nested deeper than 32: to be quarantined, never parsed. */
  readonly deep: ReadonlySet<number>
  /** Start and end offsets, in turn and ascending, of number tokens to be quoted. */
  readonly numbers: Int32Array
}

export interface ScanOptions {
  /** Names of fields whose integers are wanted as text where they stand directly in an element; see `namesToFind`. */
  readonly ids?: readonly string[]
  /** Whether tokens are found by words of 64 bytes where this process can; what is found is the same. */
  readonly fast?: boolean
}

const NO_IDS: readonly string[] = Object.freeze([])

/** A scan under way. `advance` until it returns true, then `result`. */
export class Scanner {
  readonly #bytes: Uint8Array
  readonly #names: readonly Uint8Array[]
  readonly #found: Findings
  readonly #utf8: boolean
  readonly #start: number
  #way: ByteScan | WordScan
  #at: number

  constructor(bytes: Uint8Array, { ids = NO_IDS, fast = bytes.length >= WORTH_CALLING }: ScanOptions = {}) {
    this.#bytes = bytes
    this.#names = namesToFind(ids)
    this.#found = new Findings(bytes)
    this.#utf8 = isUtf8(bytes)
    this.#start = startOf(bytes)
    this.#at = this.#start
    const first = bytes[this.#start]
    if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) this.#failStart()
    const single = first === OPEN_OBJECT
    this.#way = fast && !single && canFindTokens() ? this.#byWords() : new ByteScan(this.#found, this.#names, single)
  }

  #failStart(): void {
    if (this.#utf8) this.#found.fail('start', this.#start)
    else this.#found.fail('encoding')
  }

  #byWords(): WordScan {
    this.#found.begin(this.#start)
    return new WordScan(this.#found, this.#names)
  }

  /** Goes on for about `maxBytes`, at least to the end of a string or number; true when the scan is over. */
  advance(maxBytes: number): boolean {
    const [bytes, found] = [this.#bytes, this.#found]
    const stop = Math.min(bytes.length, this.#at + maxBytes)
    while (this.#at < stop && found.failure === null) {
      if (this.#way.ended) this.#trail(bytes[this.#at] as number)
      else this.#at = this.#way.advance(this.#at, stop) ?? this.#startOver()
    }
    if (this.#at >= bytes.length && !this.#way.ended) found.fail('end', bytes.length)
    return found.failure !== null || this.#at >= bytes.length
  }

  #startOver(): number {
    this.#found.clear()
    this.#way = new ByteScan(this.#found, this.#names, false)
    return this.#start
  }

  result(): Scan | ScanFailure {
    const { count, edges, deep, numbers } = this.#found
    return this.#found.whole() ?? { count, utf8: this.#utf8, edges: edges.kept, deep, numbers: numbers.view() }
  }

  #trail(byte: number): void {
    if (isSpace(byte)) this.#at++
    else this.#found.fail('behind', this.#at)
  }
}

/** Behind a byte order mark and white space. */
function startOf(bytes: Uint8Array): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (isSpace(bytes[at])) at++
  return at
}
