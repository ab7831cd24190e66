/** The structural bytes of a JSON array, found by WebAssembly. What it leaves open, the scan judges. Private. */
import {
  CHUNK,
  EDGES,
  LONGEST_NAME,
  MOST_NAMES,
  NAME_SIZE,
  NAMES,
  OUTPUT,
  PAIRS,
  SHIFT,
  SHORTEST_NAME,
} from './wasm.generated.ts'
import { putInput, type Wasm, wasm } from './wasm.ts'

/** Where a search stands between two calls: inside a string, next byte escaped, depth, last byte a digit, objects. */
export type TokenState = Int32Array

export const newTokenState = (): TokenState => new Int32Array(STATE)

const STATE = 5
const NO_OFFSETS = new Int32Array(0)

/** Whether `findTokens` can be used. */
export const canFindTokens = (): boolean => wasm() !== null

const known = new WeakMap<readonly string[], readonly Uint8Array[]>()

/** The bytes of the names whose integers are looked for: those of 8 to 24 characters of ASCII, 16 at most. */
export function namesToFind(names: readonly string[]): readonly Uint8Array[] {
  const found = known.get(names)
  if (found !== undefined) return found
  const bytes = names.filter(canBeFound).slice(0, MOST_NAMES).map(toBytes)
  known.set(names, bytes)
  return bytes
}

const canBeFound = (name: string): boolean =>
  /^[\x20-\x7e]+$/.test(name) && name.length >= SHORTEST_NAME && name.length <= LONGEST_NAME

const toBytes = (name: string): Uint8Array => new TextEncoder().encode(name)

/** Those that are looked for, as they were asked for last. */
let asked: readonly Uint8Array[] = []

/** Sets the names whose integers are looked for from now on. */
function lookFor(at: Wasm, names: readonly Uint8Array[]): void {
  for (const [n, name] of names.entries()) {
    const [to, middle, last] = [NAMES + n * NAME_SIZE, Math.min(8, name.length - 8), name.length - 8]
    at.words.set([name.length, middle], to / 4)
    for (const [word, start] of [0, middle, last].entries())
      at.bytes.set(name.subarray(start, start + 8), to + 8 * (word + 1))
  }
  at.words[STATE] = names.length
  asked = names
}

/** How far one call of `findTokens` from `from` on gets; whole words of 64 bytes but for the last. */
export const chunkEnd = (from: number, length: number, atMost: number): number =>
  Math.min(length, from + Math.min(CHUNK, Math.max(64, atMost & ~63)))

/** What was found; valid until the next call. */
export interface Tokens {
  /** Commas of the outermost array. */
  readonly edges: Int32Array
  /** Starts and ends, in turn, of integers under one of the names directly in an element. */
  readonly pairs: Int32Array
  /**
   * What is to be judged, in order, two words each; of the first `tokenOffset`, counted from `from`, and `tokenMeaning`:
   * EMPTY (an edge with, it may be, nothing before it), NUMBER (a byte of a number that has 16 digits or an exponent, or
   * might have), NAMED (the first digit of a number as in `pairs`, but not plainly an integer), PERHAPS (the first digit of
   * one whose name could not be seen), TOO_DEEP (a bracket that opens below 32), and as the last UNBALANCED or END (of the
   * outermost array). The second is the number of `edges` before it.
   */
  readonly left: Int32Array
}

/** Between `from` and `to`, outside strings. Null when there is a backslash outside a string. Moves `state` on. */
export function findTokens(
  bytes: Uint8Array,
  from: number,
  to: number,
  state: TokenState,
  names: readonly Uint8Array[],
): Tokens | null {
  const at = wasm() as Wasm
  const { words } = at
  if (asked !== names) lookFor(at, names)
  const padded = (to - from + 63) & ~63
  putInput(at, bytes, from, to, padded)
  words.set(state)
  const left = at.scan(padded, from)
  if (left < 0) return null
  state.set(words.subarray(0, STATE))
  const [edges, borders] = [words[STATE + 1] as number, words[STATE + 2] as number]
  return {
    edges: listAt(words, EDGES, edges),
    pairs: listAt(words, PAIRS, borders),
    left: listAt(words, OUTPUT, 2 * left),
  }
}

/** A small body has most of them empty, and a view takes as long as scanning 200 bytes. */
const listAt = (words: Int32Array, place: number, length: number): Int32Array =>
  length === 0 ? NO_OFFSETS : words.subarray(place / 4, place / 4 + length)

export const endsInString = (state: TokenState): boolean => state[0] === 1

export const tokenOffset = (token: number): number => token & ((1 << SHIFT) - 1)
export const tokenMeaning = (token: number): number => token >>> SHIFT

export { EMPTY, END, MAX_DEPTH, NAMED, PERHAPS, TOO_DEEP, UNBALANCED } from './wasm.generated.ts'
