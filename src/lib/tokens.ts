/**
 * The structural bytes of a JSON array, found by a small WebAssembly module with SIMD, about five times as fast as a
 * loop over the bytes in JavaScript: `scripts/wasm/tokens.ts` is its source. What it leaves open, the scan judges.
 */
import {
  CHUNK,
  EDGES,
  INPUT,
  LONGEST_NAME,
  MODULE,
  MOST_NAMES,
  NAME_SIZE,
  NAMES,
  OUTPUT,
  PAIRS,
  QUOTED,
  SHIFT,
  SHORTEST_NAME,
} from './tokens.generated.ts'

/** Where a search stands between two calls: inside a string, next byte escaped, depth, last byte a digit, objects. */
export type TokenState = Int32Array

export const newTokenState = (): TokenState => new Int32Array(STATE)

const STATE = 5
const NO_OFFSETS = new Int32Array(0)
const SPACE = 0x20

interface Engine {
  readonly bytes: Buffer
  readonly words: Int32Array
  readonly scan: (length: number, base: number) => number
  readonly quote: (length: number, count: number) => number
  /** Those that are looked for, as they were asked for last. */
  names: readonly Uint8Array[]
}

/** One for the thread; null where this process may not run WebAssembly. */
let engine: Engine | null | undefined

/** Whether `findTokens` can be used. */
export function canFindTokens(): boolean {
  if (engine === undefined) engine = loadEngine()
  return engine !== null
}

/** The part of the global that is used here, which the types of Node leave to those of the browser. */
interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Exports }
}

/** What the module exports, as its source says. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly scan: Engine['scan']
  readonly quote: Engine['quote']
}

function loadEngine(): Engine | null {
  try {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssembly }
    const module = new WebAssembly.Module(Buffer.from(MODULE, 'base64'))
    const { memory, ...calls } = new WebAssembly.Instance(module).exports
    const [bytes, words] = [Buffer.from(memory.buffer), new Int32Array(memory.buffer)]
    return { bytes, words, scan: calls.scan, quote: calls.quote, names: [] }
  } catch {
    // A policy of the process, or a processor without SIMD.
    return null
  }
}

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

/** Sets the names whose integers are looked for from now on. */
function lookFor(at: Engine, names: readonly Uint8Array[]): void {
  for (const [n, name] of names.entries()) {
    const [to, middle, last] = [NAMES + n * NAME_SIZE, Math.min(8, name.length - 8), name.length - 8]
    at.words.set([name.length, middle], to / 4)
    for (const [word, start] of [0, middle, last].entries())
      at.bytes.set(name.subarray(start, start + 8), to + 8 * (word + 1))
  }
  at.words[STATE] = names.length
  at.names = names
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
  const at = engine as Engine
  const { bytes: memory, words } = at
  if (at.names !== names) lookFor(at, names)
  const length = to - from
  const padded = (length + 63) & ~63
  memory.set(bytes.subarray(from, to), INPUT)
  memory.fill(SPACE, INPUT + length, INPUT + padded)
  words.set(state)
  const left = at.scan(padded, from)
  if (left < 0) return null
  state.set(words.subarray(0, STATE))
  const [edges, borders] = [words[STATE + 1] as number, words[STATE + 2] as number]
  return { edges: listAt(EDGES, edges), pairs: listAt(PAIRS, borders), left: listAt(OUTPUT, 2 * left) }
}

/** A small body has most of them empty, and a view takes as long as scanning 200 bytes. */
const listAt = (place: number, length: number): Int32Array =>
  length === 0 ? NO_OFFSETS : (engine as Engine).words.subarray(place / 4, place / 4 + length)

/**
 * The text of the array of what stands between two offsets, with quotes around the numbers between `first` and `last` of
 * `numbers`. Null where it is too much for one call, or cannot be done here.
 */
export function quotedText(
  bytes: Uint8Array,
  start: number,
  end: number,
  numbers: Int32Array,
  first: number,
  last: number,
): string | null {
  const length = end - start
  if (length > CHUNK - 64 || !canFindTokens()) return null
  const { bytes: memory, words, quote } = engine as Engine
  memory.set(bytes.subarray(start, end), INPUT)
  memory.fill(SPACE, INPUT + length, INPUT + length + 16)
  for (let n = first; n < last; n++) words[OUTPUT / 4 + n - first] = (numbers[n] as number) - start
  const quoted = quote(length, last - first)
  // Latin 1 is a copy; whether it would do is known by the way.
  return memory.toString(quoted < 0 ? 'utf8' : 'latin1', QUOTED, QUOTED + (quoted & 0x7fffffff))
}

export const endsInString = (state: TokenState): boolean => state[0] === 1

export const tokenOffset = (token: number): number => token & ((1 << SHIFT) - 1)
export const tokenMeaning = (token: number): number => token >>> SHIFT

export { EMPTY, END, MAX_DEPTH, NAMED, NUMBER, PERHAPS, TOO_DEEP, UNBALANCED } from './tokens.generated.ts'
