/** Parsing of a scanned body in slices of neighbouring elements, so that the event loop gets its turn in between. */
import { type Scan, Scanner } from './scan.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** End (exclusive) of the slice that begins at element `from`: about `maxBytes`, one element at least, none too deep. */
export function sliceEnd(scan: Scan, from: number, maxBytes: number): number {
  const limit = (scan.starts[from] as number) + maxBytes
  let to = from + 1
  while (to < scan.count && (scan.ends[to] as number) <= limit && !scan.deep.has(to)) to++
  return to
}

/**
 * Parses elements `from` up to, not including, `to`; numbers that a double cannot hold arrive as strings, digit for
 * digit. The caller keeps elements that are too deep out of the range.
 * @throws SyntaxError when one of them is not JSON; its message may quote the body, so do not show it.
 */
export function parseElements(bytes: Uint8Array, scan: Scan, from: number, to: number): unknown[] {
  const text = elementText(bytes, scan, scan.starts[from] as number, scan.ends[to - 1] as number)
  const parsed: unknown[] = JSON.parse(`[${text}]`)
  if (parsed.length !== to - from) throw new SyntaxError('the elements do not stand where their borders are')
  return parsed
}

/**
 * Parses the one element that `bytes` are, as an element of a body; undefined when they are none.
 * @throws SyntaxError as `parseElements` does
 */
export function parseElement(bytes: Uint8Array): unknown {
  const scanner = new Scanner(bytes)
  while (!scanner.advance(bytes.length));
  const scan = scanner.result()
  return 'failure' in scan || scan.count !== 1 || scan.deep.has(0) ? undefined : parseElements(bytes, scan, 0, 1)[0]
}

/** The bytes of one element, without white space around it; a view, not a copy. */
export function elementBytes(bytes: Uint8Array, scan: Scan, index: number): Uint8Array {
  let start = scan.starts[index] as number
  let end = scan.ends[index] as number
  while (start < end && isSpace(bytes[start] as number)) start++
  while (end > start && isSpace(bytes[end - 1] as number)) end--
  return bytes.subarray(start, end)
}

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

function elementText(bytes: Uint8Array, scan: Scan, start: number, end: number): string {
  const { numbers } = scan
  const first = firstAtOrAfter(numbers, start)
  let last = first
  while (last < numbers.length && (numbers[last] as number) < end) last += 2
  if (last === first) return utf8.decode(bytes.subarray(start, end))
  return utf8.decode(quoted(bytes.subarray(start, end), start, numbers.slice(first, last)))
}

/** A copy of `bytes` with quotes around the number tokens; `numbers` counts from `start`. */
function quoted(bytes: Uint8Array, start: number, numbers: readonly number[]): Uint8Array {
  const copy = new Uint8Array(bytes.length + numbers.length)
  let [from, to] = [0, 0]
  for (const number of numbers) {
    const length = number - start - from
    copy.set(bytes.subarray(from, from + length), to)
    copy[to + length] = 0x22
    from += length
    to += length + 1
  }
  copy.set(bytes.subarray(from), to)
  return copy
}

/** Binary search over pairs: index of the first pair that starts at `offset` or later. */
function firstAtOrAfter(pairs: readonly number[], offset: number): number {
  let [low, high] = [0, pairs.length / 2]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((pairs[middle * 2] as number) < offset) low = middle + 1
    else high = middle
  }
  return low * 2
}
