/** Parsing of a scanned body in slices of neighbouring elements, so that the event loop gets its turn in between. */
import { isUtf8 } from 'node:buffer'
import { arrayText, textOfUtf8 } from './array-text.ts'
import { quoteBareWords } from './bare-words.ts'
import { OPEN_OBJECT } from './bytes.ts'
import { isSpace } from './numbers.ts'
import { type Scan, Scanner } from './scan.ts'

/** Offset of the first byte of an element, white space included. */
export const startOf = (scan: Scan, index: number): number => (scan.edges[index] as number) + 1

/** Offset behind the last byte of an element, white space included. */
export const endOf = (scan: Scan, index: number): number => scan.edges[index + 1] as number

/** End (exclusive) of the slice that begins at element `from`: about `maxBytes`, one element at least, none too deep. */
export function sliceEnd(scan: Scan, from: number, maxBytes: number): number {
  const limit = startOf(scan, from) + maxBytes
  let to = from + 1
  while (to < scan.count && endOf(scan, to) <= limit && !scan.deep.has(to)) to++
  return to
}

/** Whether elements `from` up to, not including, `to` are UTF-8. */
function areUtf8(bytes: Uint8Array, scan: Scan, from: number, to: number): boolean {
  return scan.utf8 || isUtf8(bytes.subarray(startOf(scan, from), endOf(scan, to - 1)))
}

/**
 * Parses elements `from` up to, not including, `to`; numbers that a double cannot hold arrive as strings, digit for
 * digit. The caller keeps elements that are too deep out of the range.
 * @throws SyntaxError when one of them is not UTF-8 or not JSON; its message may quote the body, so do not show it.
 */
export function parseElements(bytes: Uint8Array, scan: Scan, from: number, to: number): unknown[] {
  if (!areUtf8(bytes, scan, from, to)) throw new SyntaxError('an element is not UTF-8')
  if (isLarge(scan, from, to) && !hasNumbers(scan, from)) return [JSON.parse(plainText(bytes, scan, from))]
  return parsedArray(textOf(bytes, scan, from, to), to - from)
}

/** In bytes. A larger one, such as a mail, is parsed where it stands: to put it into an array would copy it twice. */
const LARGE = 64 << 10

const isLarge = (scan: Scan, from: number, to: number) =>
  to - from === 1 && endOf(scan, from) - startOf(scan, from) > LARGE

/** Numbers that are to arrive as strings. */
function hasNumbers(scan: Scan, index: number): boolean {
  const next = scan.numbers[firstAtOrAfter(scan.numbers, startOf(scan, index))]
  return next !== undefined && next < endOf(scan, index)
}

function plainText({ buffer, byteOffset }: Uint8Array, scan: Scan, index: number): string {
  const start = startOf(scan, index)
  return textOfUtf8(Buffer.from(buffer, byteOffset + start, endOf(scan, index) - start))
}

/** No event that a sender prints so is larger; looking through much text would hold the event loop. */
const MOST_BYTES_OF_WORDS = 64 << 10

/** An object that `parseElements` refuses, with its bare words read as text; undefined when that does not make it JSON. */
export function parseWithBareWords(bytes: Uint8Array, scan: Scan, index: number): unknown {
  const element = elementBytes(bytes, scan, index)
  if (element[0] !== OPEN_OBJECT || element.length > MOST_BYTES_OF_WORDS) return undefined
  if (!areUtf8(bytes, scan, index, index + 1)) return undefined
  const quoted = quoteBareWords(textOf(bytes, scan, index, index + 1))
  if (quoted === null) return undefined
  try {
    return parsedArray(quoted, 1)[0]
  } catch {
    return undefined
  }
}

/**
 * Parses the one element that `bytes` are, as an element of a body, with or without bare words; undefined when they are
 * none.
 * @throws SyntaxError as `parseElements` does
 */
export function parseElement(bytes: Uint8Array): unknown {
  const scanner = new Scanner(bytes)
  while (!scanner.advance(bytes.length));
  const scan = scanner.result()
  if ('failure' in scan || scan.count !== 1 || scan.deep.has(0)) return undefined
  try {
    return parseElements(bytes, scan, 0, 1)[0]
  } catch (error) {
    const element = parseWithBareWords(bytes, scan, 0)
    if (element === undefined) throw error
    return element
  }
}

function textOf(bytes: Uint8Array, scan: Scan, from: number, to: number): string {
  const [start, end] = [startOf(scan, from), endOf(scan, to - 1)]
  const { numbers } = scan
  return arrayText(bytes, start, end, numbers, firstAtOrAfter(numbers, start), firstAtOrAfter(numbers, end))
}

function parsedArray(text: string, length: number): unknown[] {
  const parsed: unknown[] = JSON.parse(text)
  if (parsed.length !== length) throw new SyntaxError('the elements do not stand where their borders are')
  return parsed
}

/** The bytes of one element, without white space around it; a view, not a copy. */
export function elementBytes(bytes: Uint8Array, scan: Scan, index: number): Uint8Array {
  let start = startOf(scan, index)
  let end = endOf(scan, index)
  while (start < end && isSpace(bytes[start] as number)) start++
  while (end > start && isSpace(bytes[end - 1] as number)) end--
  return bytes.subarray(start, end)
}

/** Binary search over pairs: index of the first pair that starts at `offset` or later. */
function firstAtOrAfter(pairs: Int32Array, offset: number): number {
  let [low, high] = [0, pairs.length / 2]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((pairs[middle * 2] as number) < offset) low = middle + 1
    else high = middle
  }
  return low * 2
}
