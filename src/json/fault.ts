/** Where bytes that `JSON.parse` refuses stop being JSON (RFC 8259). Private: for reasons, never for reading. */
import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes.ts'
import { isSpace } from './numbers.ts'

/** What JSON would have had there. */
export type Expected = 'value' | 'name' | 'colon' | 'comma' | 'escape' | 'no control character' | 'end of text'

export interface JsonFault {
  readonly at: number
  readonly expected: Expected
  /** Where the last token before it begins; -1: it is the first. */
  readonly before: number
}

const MOST_DEPTH = 100
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/** The first fault between two offsets that hold one value; null: it is JSON, or nested too deeply to say. */
export function findFault(bytes: Uint8Array, start: number, end: number): JsonFault | null {
  return new FaultFinder(bytes, start, end).find()
}

class FaultFinder {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number
  #before = -1
  #fault: JsonFault | null = null

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  find(): JsonFault | null {
    if (this.#value(0) && this.#next() !== undefined) this.#fail('comma')
    return this.#fault
  }

  /** The next byte that is no white space; undefined at the end. */
  #next(): number | undefined {
    while (this.#at < this.#end && isSpace(this.#bytes[this.#at])) this.#at++
    return this.#at < this.#end ? this.#bytes[this.#at] : undefined
  }

  #fail(expected: Expected): false {
    this.#fault = { at: this.#at, expected, before: this.#before }
    return false
  }

  #pass(bytes = 1): true {
    this.#before = this.#at
    this.#at += bytes
    return true
  }

  #value(depth: number): boolean {
    const byte = this.#next()
    if (depth > MOST_DEPTH) return false
    if (byte === QUOTE) return this.#text()
    if (byte === OPEN_OBJECT) return this.#all(depth, CLOSE_OBJECT, () => this.#member(depth))
    if (byte === OPEN_ARRAY) return this.#all(depth, CLOSE_ARRAY, () => this.#value(depth + 1))
    return this.#scalar()
  }

  #all(depth: number, close: number, one: () => boolean): boolean {
    this.#pass()
    if (depth <= MOST_DEPTH && this.#next() === close) return this.#pass()
    for (;;) {
      if (!one()) return false
      const byte = this.#next()
      if (byte === close) return this.#pass()
      if (byte !== COMMA) return this.#fail('comma')
      this.#pass()
    }
  }

  #member(depth: number): boolean {
    if (this.#next() !== QUOTE) return this.#fail('name')
    if (!this.#text()) return false
    if (this.#next() !== COLON) return this.#fail('colon')
    this.#pass()
    return this.#value(depth + 1)
  }

  #text(): boolean {
    const bytes = this.#bytes
    const open = this.#at
    for (this.#at++; this.#at < this.#end; this.#at++) {
      const byte = bytes[this.#at] as number
      if (byte < 0x20) return this.#fail('no control character')
      if (byte === BACKSLASH && !this.#escape()) return this.#fail('escape')
      if (byte !== QUOTE) continue
      this.#at++
      this.#before = open
      return true
    }
    return this.#fail('end of text')
  }

  /** Moves on to the last byte of an escape. */
  #escape(): boolean {
    const text = String.fromCharCode(...this.#bytes.subarray(this.#at, Math.min(this.#at + 6, this.#end)))
    const length = /^\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/.exec(text)?.[0].length
    if (length === undefined) return false
    this.#at += length - 1
    return true
  }

  #scalar(): boolean {
    const word = wordAt(this.#bytes, this.#at, this.#end)
    return SCALAR.test(word) ? this.#pass(word.length) : this.#fail('value')
  }
}

/** The run of letters, digits and signs that begins there; no more of it than tells what it is. */
export function wordAt(bytes: Uint8Array, at: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.max(0, Math.min(400, end - at))).toString('latin1')
  return /^[\w.+-]*/.exec(text)?.[0] ?? ''
}
