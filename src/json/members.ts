/** Counting what an element holds before it is parsed: some JSON costs far more to parse than its bytes. Private. */
import { BACKSLASH, COLON, COMMA, QUOTE } from './bytes.ts'

/** What one call of `JSON.parse` may be given. Ordinary events have up to a hundred members. */
export const MOST_KEYS = 20_000
export const MOST_VALUES = 200_000

/** Below this size an element cannot hold more: `"":0,` and `0,` are the shortest. */
const WORTH_COUNTING = MOST_KEYS * 5

/**
 * Whether the JSON text between two offsets of `bytes` holds more than 20 000 keys, or 200 000 members in all. Objects
 * with hundreds of thousands of keys, or lists of a million empty ones, hold the event loop for seconds (12 MB: 1 to 2 s
 * on Node 24), and one element cannot be parsed in slices. Long strings cost nothing: they are passed over.
 */
export function isCrowded(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  if (end - start < WORTH_COUNTING) return false
  let [keys, commas] = [0, 0]
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfString(bytes, at)
    else if (byte === COLON && ++keys > MOST_KEYS) return true
    else if (byte === COMMA && ++commas >= MOST_VALUES) return true
  }
  return false
}

/** The index of the closing quote, or the end. */
function endOfString(bytes: Uint8Array, open: number): number {
  for (let from = open + 1; ; ) {
    const quote = bytes.indexOf(QUOTE, from)
    if (quote === -1) return bytes.length
    if (!isEscaped(bytes, quote, open)) return quote
    from = quote + 1
  }
}

function isEscaped(bytes: Uint8Array, quote: number, open: number): boolean {
  let at = quote
  while (at - 1 > open && bytes[at - 1] === BACKSLASH) at--
  return (quote - at) % 2 === 1
}
