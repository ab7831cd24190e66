/** The text of an array that is made of a part of a body: what `JSON.parse` gets. Private. */
import { isAscii } from 'node:buffer'
import { CLOSE_ARRAY, OPEN_ARRAY, QUOTE } from './bytes.ts'
import { CHUNK, OUTPUT, TEXT } from './wasm.generated.ts'
import { putInput, type Wasm, wasm } from './wasm.ts'

/** The space behind the input that is read too. */
const BEHIND = 16

/** A byte order mark inside of a body is no white space. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Text of the array of what stands between two offsets of a body that is UTF-8, with quotes in the place of the borders
 * of numbers between `first` and `last` of `numbers`.
 */
export function arrayText(
  bytes: Uint8Array,
  start: number,
  end: number,
  numbers: Int32Array,
  first: number,
  last: number,
): string {
  const length = end - start
  const engine = length > CHUNK - BEHIND ? null : wasm()
  if (engine === null) return joined(bytes, start, end, numbers.subarray(first, last))
  putInput(engine, bytes, start, end, length + BEHIND)
  for (let n = first; n < last; n++) engine.words[OUTPUT / 4 + n - first] = (numbers[n] as number) - start
  return made(engine, length, last - first)
}

/** In one byte a character where that will do. */
function made({ bytes: memory, narrow, widen }: Wasm, length: number, count: number): string {
  const narrowed = narrow(length, count)
  if (narrowed >= 0) return memory.toString('latin1', TEXT, TEXT + narrowed)
  return memory.toString('utf16le', TEXT, TEXT + widen(length, count))
}

/** Slices that fit are put together here: joining strings instead has `JSON.parse` copy every slice once more. */
const bench = Buffer.allocUnsafeSlow(64 * 1024)

/** Where WebAssembly may not run, and of large elements. Each border of a number becomes a quote. */
function joined(bytes: Uint8Array, start: number, end: number, borders: Int32Array): string {
  const length = end - start + borders.length + 2
  const array = length <= bench.length ? bench : Buffer.allocUnsafeSlow(length)
  array[0] = OPEN_ARRAY
  let [from, to] = [start, 1]
  for (const border of borders) {
    array.set(bytes.subarray(from, border), to)
    to += border - from
    array[to++] = QUOTE
    from = border
  }
  array.set(bytes.subarray(from, end), to)
  array[length - 1] = CLOSE_ARRAY
  const text = textOfUtf8(array.subarray(0, length))
  // Else it stays until the next collection, beside the text and what is parsed of it.
  if (array !== bench) array.buffer.transfer(0)
  return text
}

/** In one byte a character where that will do. */
export function textOfUtf8(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString('latin1') : utf8.decode(bytes)
}
