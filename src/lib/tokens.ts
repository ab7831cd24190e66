/**
 * The structural bytes of a JSON array, found by a small WebAssembly module with SIMD, about five times as fast as a
 * loop over the bytes in JavaScript: `scripts/wasm/tokens.ts` is its source. It only finds; the scan judges.
 */
import { CHUNK, INPUT, MODULE, OUTPUT, SHIFT } from './tokens.generated.ts'

/** Where a search stands between two calls: inside a string, next byte escaped, depth, last byte a digit, objects. */
export type TokenState = Int32Array

export const newTokenState = (): TokenState => new Int32Array(STATE)

const STATE = 5
const SPACE = 0x20

interface Engine {
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly scan: (length: number) => number
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
}

function loadEngine(): Engine | null {
  try {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssembly }
    const module = new WebAssembly.Module(Buffer.from(MODULE, 'base64'))
    const { memory, scan } = new WebAssembly.Instance(module).exports
    return { bytes: new Uint8Array(memory.buffer), words: new Int32Array(memory.buffer), scan }
  } catch {
    // A policy of the process, or a processor without SIMD.
    return null
  }
}

/** How far one call of `findTokens` from `from` on gets; whole words of 64 bytes but for the last. */
export const chunkEnd = (from: number, length: number, atMost: number): number =>
  Math.min(length, from + Math.min(CHUNK, Math.max(64, atMost & ~63)))

/**
 * What matters between `from` and `to` outside strings, in order: `tokenOffset` of each counts from `from`,
 * `tokenMeaning` is BORDER (a comma of the outermost array), NUMBER (a byte inside of a number that has 16 digits or an
 * exponent, or might have), TOO_DEEP (a bracket that opens below 32), and as the last UNBALANCED or END (of the outermost
 * array). Valid until the next call. Null when there is a backslash outside a string. Moves `state` on.
 */
export function findTokens(bytes: Uint8Array, from: number, to: number, state: TokenState): Int32Array | null {
  const { bytes: memory, words, scan } = engine as Engine
  const length = to - from
  const padded = (length + 63) & ~63
  memory.set(bytes.subarray(from, to), INPUT)
  memory.fill(SPACE, INPUT + length, INPUT + padded)
  words.set(state)
  const count = scan(padded)
  state.set(words.subarray(0, STATE))
  return count < 0 ? null : words.subarray(OUTPUT / 4, OUTPUT / 4 + count)
}

export const endsInString = (state: TokenState): boolean => state[0] === 1

export const tokenOffset = (token: number): number => token & ((1 << SHIFT) - 1)
export const tokenMeaning = (token: number): number => token >>> SHIFT

export { BORDER, END, MAX_DEPTH, NUMBER, TOO_DEEP, UNBALANCED } from './tokens.generated.ts'
