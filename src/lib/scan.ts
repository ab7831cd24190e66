/**
 * One linear pass over a JSON body: element borders, balance, depth, and the numbers that a double cannot hold.
 * Nothing is parsed here, so no bomb reaches `JSON.parse` and recipients' digits inside strings stay untouched.
 */
import { isUtf8 } from 'node:buffer'

/** Nesting allowed inside a body, the outer array counted. */
const MAX_DEPTH = 32
const MAX_ELEMENTS = 1_000_000

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

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const PLUS = 0x2b
const MINUS = 0x2d
const COLON = 0x3a
const DOT = 0x2e
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39
const isFraction = (byte: number) => byte === 0x2e || byte === 0x65 || byte === 0x45

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

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    if (!isUtf8(bytes)) this.#failure = 'the body is not UTF-8'
    else this.#open()
  }

  #open(): void {
    const bytes = this.#bytes
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3
    while (isSpace(bytes[this.#at])) this.#at++
    const first = bytes[this.#at]
    if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) this.#failure = 'the body is not a JSON array or object'
    this.#single = first === OPEN_OBJECT
    if (this.#single) this.#starts.push(this.#at)
  }

  /** Goes on for about `maxBytes` (a string is never left half-way); true when the scan is over. */
  advance(maxBytes: number): boolean {
    const bytes = this.#bytes
    const stop = Math.min(bytes.length, this.#at + maxBytes)
    while (this.#at < stop && this.#failure === null) {
      if (this.#ended) this.#trail(bytes[this.#at] as number)
      else this.#at = this.#skip(bytes, this.#at, stop)
    }
    if (this.#at >= bytes.length && !this.#ended) this.#failure ??= 'the body ends too early'
    return this.#failure !== null || this.#at >= bytes.length
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
        if (at++ >= length) this.#failure = 'the body ends inside a string'
      } else if (byte === COMMA) {
        if (this.#depth === 1 && !this.#single) this.#comma(at)
        at++
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#enter(byte === OPEN_OBJECT, at++)
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#leave(byte === CLOSE_OBJECT, at++)
        if (this.#ended || this.#failure !== null) return at
      } else if (isDigit(byte) || byte === MINUS) at = this.#number(bytes, at)
      else at++
    }
    return at
  }

  result(): Scan | ScanFailure {
    if (this.#failure !== null) return { failure: this.#failure }
    const [starts, ends] = [this.#starts, this.#ends]
    return { count: ends.length, starts, ends, deep: this.#deep, numbers: this.#numbers }
  }

  #trail(byte: number): void {
    if (isSpace(byte)) this.#at++
    else this.#failure = 'the body goes on after its end'
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
    if (this.#depth <= MAX_DEPTH && wasObject !== object) this.#failure = 'the body is not balanced'
    if (--this.#depth === 0) this.#end(at)
  }

  #end(at: number): void {
    this.#ended = true
    if (this.#single) this.#ends.push(at + 1)
    else if (!this.#isEmpty(at) || this.#ends.length > 0) this.#border(at)
    else this.#starts.pop()
  }

  /** Runs over one number token, notes it when a double would change it, and returns its end. */
  #number(bytes: Uint8Array, start: number): number {
    const digits = bytes[start] === MINUS ? start + 1 : start
    let [at, value] = [digits, 0]
    for (; isDigit(bytes[at] ?? 0); at++) value = value * 10 + ((bytes[at] as number) - 0x30)
    if (isFraction(bytes[at] ?? 0)) return this.#fraction(bytes, start, at)
    // A leading zero is no JSON: left alone, so that it still fails when it is parsed.
    if (value > Number.MAX_SAFE_INTEGER && bytes[digits] !== 0x30) this.#quote(bytes, start, at)
    return at
  }

  #fraction(bytes: Uint8Array, start: number, from: number): number {
    let [at, hasExponent] = [from, false]
    for (; ; at++) {
      const byte = bytes[at] ?? 0
      if ((byte | 0x20) === 0x65) hasExponent = true
      else if (!isDigit(byte) && byte !== DOT && byte !== PLUS && byte !== MINUS) break
    }
    // Only these can be beyond the range of a double; looking at all of them costs half of the scan.
    if (hasExponent || at - start > 300) this.#judgeFraction(bytes, start, at)
    return at
  }

  #judgeFraction(bytes: Uint8Array, start: number, end: number): void {
    const text = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 400)))
    if (JSON_NUMBER.test(text) && !Number.isFinite(Number(text))) this.#quote(bytes, start, end)
  }

  /** A number in the place of a key is no JSON, and must not become it. */
  #quote(bytes: Uint8Array, start: number, end: number): void {
    let next = end
    while (isSpace(bytes[next])) next++
    if (bytes[next] !== COLON) this.#numbers.push(start, end)
  }
}

/** Linear: every alternative begins with another character. RFC 8259 section 6. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
