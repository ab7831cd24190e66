/**
 * One linear pass over a JSON body: element borders, balance, depth, and the numbers that are wanted as text: those that a
 * double cannot hold, and identifiers. Nothing is parsed here, so no bomb reaches `JSON.parse` and recipients' digits
 * inside strings stay untouched.
 */
import { isUtf8 } from 'node:buffer'
import { isNamed, isSpace, noteIdentifier, noteNumber, noteNumbersAround, startsNumber } from './numbers.ts'
import {
  BORDER,
  canFindTokens,
  chunkEnd,
  END,
  endsInString,
  findTokens,
  MAX_DEPTH,
  NAMED,
  namesToFind,
  newTokenState,
  PERHAPS,
  TOO_DEEP,
  type TokenState,
  tokenMeaning,
  tokenOffset,
  UNBALANCED,
} from './tokens.ts'

const MAX_ELEMENTS = 1_000_000
/** Smaller bodies gain less from the fast way than its call costs, in bytes. */
const WORTH_CALLING = 1_024

/** What the scan has proved about a body that is UTF-8, balanced, and an array or one object. */
export interface Scan {
  readonly count: number
  /** Byte offsets of element i: `starts[i]` up to, not including, `ends[i]`; white space included. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  /** Elements nested deeper than 32: to be quarantined, never parsed. */
  readonly deep: ReadonlySet<number>
  /** Start and end offsets, in turn and ascending, of number tokens to be quoted. */
  readonly numbers: readonly number[]
}

export interface ScanFailure {
  /** One sentence without payload. */
  readonly failure: string
}

const NOT_BALANCED = 'the body is not balanced'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const MINUS = 0x2d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

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
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #numbers: number[] = []
  readonly #deep = new Set<number>()
  #at = 0
  #depth = 0
  /** Bit d is set while the container at depth d + 1 is an object; deeper ones are only counted. */
  #objects = 0
  #single = false
  #failure: string | null = null
  #ended = false
  /** null: byte by byte. */
  #tokens: TokenState | null = null
  /** Numbers have been looked at up to here, where tokens are found. */
  #judged = 0
  readonly #names: readonly Uint8Array[]

  constructor(bytes: Uint8Array, { ids = NO_IDS, fast = bytes.length >= WORTH_CALLING }: ScanOptions = {}) {
    this.#bytes = bytes
    this.#names = namesToFind(ids)
    if (!isUtf8(bytes)) this.#failure ??= 'the body is not UTF-8'
    else this.#open(fast)
  }

  #open(fast: boolean): void {
    const bytes = this.#bytes
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3
    while (isSpace(bytes[this.#at])) this.#at++
    const first = bytes[this.#at]
    if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) this.#failure ??= 'the body is not a JSON array or object'
    this.#single = first === OPEN_OBJECT
    if (this.#single) this.#starts.push(this.#at)
    else if (fast && canFindTokens()) this.#findTokens()
  }

  #findTokens(): void {
    this.#tokens = newTokenState()
    this.#starts.push(this.#at + 1)
  }

  /** Goes on for about `maxBytes`, at least to the end of a string or number; true when the scan is over. */
  advance(maxBytes: number): boolean {
    const bytes = this.#bytes
    const stop = Math.min(bytes.length, this.#at + maxBytes)
    while (this.#at < stop && this.#failure === null) {
      if (this.#ended) this.#trail(bytes[this.#at] as number)
      else if (this.#tokens) this.#jump(bytes, this.#tokens, stop)
      else this.#at = this.#skip(bytes, this.#at, stop)
    }
    if (this.#at >= bytes.length && !this.#ended) this.#failure ??= 'the body ends too early'
    return this.#failure !== null || this.#at >= bytes.length
  }

  /** The fast way: judges what has been found in the next bytes. */
  #jump(bytes: Uint8Array, state: TokenState, stop: number): void {
    const from = this.#at
    const to = chunkEnd(from, bytes.length, stop - from)
    const found = findTokens(bytes, from, to, state, this.#names)
    if (found === null) this.#startOver()
    else if (this.#judgeAll(bytes, from, found)) {
      this.#at = to
      if (to === bytes.length && endsInString(state)) this.#failure ??= 'the body ends inside a string'
    }
  }

  /** False when the body ended or failed before the last of them. */
  #judgeAll(bytes: Uint8Array, from: number, found: Int32Array): boolean {
    for (const token of found) {
      const at = from + tokenOffset(token)
      this.#judge(bytes, at, tokenMeaning(token))
      if (this.#ended) this.#at = at + 1
      if (this.#ended || this.#failure !== null) return false
    }
    return true
  }

  #judge(bytes: Uint8Array, at: number, meaning: number): void {
    if (meaning === BORDER) this.#comma(at)
    else if (meaning === TOO_DEEP) this.#deep.add(this.#ends.length)
    else if (meaning === UNBALANCED) this.#failure ??= NOT_BALANCED
    else if (meaning === END) this.#end(at)
    else if (at >= this.#judged) this.#judged = this.#number(bytes, at, meaning)
  }

  #number(bytes: Uint8Array, at: number, meaning: number): number {
    const named = meaning === NAMED || (meaning === PERHAPS && isNamed(bytes, at, this.#names))
    return named ? noteIdentifier(bytes, at, this.#numbers) : noteNumbersAround(bytes, at, this.#numbers)
  }

  /** Byte by byte from the start: what has been found cannot be trusted in what is no JSON. */
  #startOver(): void {
    this.#tokens = null
    for (const list of [this.#starts, this.#ends, this.#numbers]) list.length = 0
    this.#deep.clear()
    this.#depth = this.#objects = 0
    this.#at = this.#bytes.indexOf(OPEN_ARRAY)
  }

  /** The hot loop: strings and plain bytes, with everything in locals; returns where it stopped. */
  #skip(bytes: Uint8Array, from: number, stop: number): number {
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
        if (at++ >= length) this.#failure ??= 'the body ends inside a string'
      } else if (byte === COMMA) {
        if (this.#depth === 1 && !this.#single) this.#comma(at)
        at++
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#enter(byte === OPEN_OBJECT, at++)
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#leave(byte === CLOSE_OBJECT, at++)
        if (this.#ended || this.#failure !== null) return at
      } else if (startsNumber(byte)) at = this.#plainNumber(bytes, at)
      else at++
    }
    return at
  }

  #plainNumber(bytes: Uint8Array, at: number): number {
    const inElement = this.#depth === (this.#single ? 1 : 2) && (this.#objects >> (this.#depth - 1)) & 1
    const named = inElement && bytes[at] !== MINUS && isNamed(bytes, at, this.#names)
    return named ? noteIdentifier(bytes, at, this.#numbers) : noteNumber(bytes, at, this.#numbers)
  }

  result(): Scan | ScanFailure {
    if (this.#failure !== null) return { failure: this.#failure }
    const [starts, ends] = [this.#starts, this.#ends]
    return { count: ends.length, starts, ends, deep: this.#deep, numbers: this.#numbers }
  }

  #trail(byte: number): void {
    if (isSpace(byte)) this.#at++
    else this.#failure ??= 'the body goes on after its end'
  }

  #comma(at: number): void {
    this.#border(at)
    this.#starts.push(at + 1)
  }

  #border(at: number): void {
    if (this.#isEmpty(at)) this.#failure ??= `element ${this.#ends.length} is empty`
    if (this.#ends.length >= MAX_ELEMENTS) this.#failure ??= `the body has more than ${MAX_ELEMENTS} elements`
    this.#ends.push(at)
  }

  /** Nothing but white space stands between the last border and here. */
  #isEmpty(end: number): boolean {
    let at = end
    while (isSpace(this.#bytes[at - 1])) at--
    return at <= (this.#starts.at(-1) as number)
  }

  #enter(object: boolean, at: number): void {
    const bit = 1 << this.#depth
    if (++this.#depth > MAX_DEPTH) this.#deep.add(this.#ends.length)
    else if (object) this.#objects |= bit
    else this.#objects &= ~bit
    if (this.#depth === 1 && !this.#single) this.#starts.push(at + 1)
  }

  #leave(object: boolean, at: number): void {
    const wasObject = (this.#objects & (1 << (this.#depth - 1))) !== 0
    if (this.#depth <= MAX_DEPTH && wasObject !== object) this.#failure ??= NOT_BALANCED
    if (--this.#depth === 0) this.#end(at)
  }

  #end(at: number): void {
    this.#ended = true
    if (this.#single) this.#ends.push(at + 1)
    else if (!this.#isEmpty(at) || this.#ends.length > 0) this.#border(at)
    else this.#starts.pop()
  }
}
