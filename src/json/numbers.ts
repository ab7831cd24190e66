/** Numbers in the bytes of a JSON body that are wanted as text: those that a double cannot hold, and identifiers. */
import { BACKSLASH, COLON, DOT, MINUS, PLUS, QUOTE, ZERO } from './bytes.ts'
import type { Offsets } from './offsets.ts'
import { LONG_NAMED } from './wasm.generated.ts'

export const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isDigit = (byte: number) => byte >= ZERO && byte <= 0x39
const isExponent = (byte: number) => (byte | 0x20) === 0x65
const isFraction = (byte: number) => byte === DOT || isExponent(byte)
const isNumeric = (byte: number) => isDigit(byte) || isFraction(byte) || byte === PLUS || byte === MINUS

export const startsNumber = (byte: number): boolean => isDigit(byte) || byte === MINUS

/** Runs over the number token at `start`, adds its borders to `found` when a double would change it, and returns its end. */
export function noteNumber(bytes: Uint8Array, start: number, found: Offsets): number {
  const digits = bytes[start] === MINUS ? start + 1 : start
  let [at, value] = [digits, 0]
  for (; isDigit(bytes[at] ?? 0); at++) value = value * 10 + ((bytes[at] as number) - ZERO)
  if (isFraction(bytes[at] ?? 0)) return noteFraction(bytes, start, at, found)
  // A leading zero is no JSON: left alone, so that it still fails when it is parsed.
  if (value > Number.MAX_SAFE_INTEGER && bytes[digits] !== ZERO) note(bytes, start, at, found)
  return at
}

/**
 * As `noteNumber` for a number that is an identifier: an integer of ten digits or more is noted, digit for digit. Shorter
 * ones are cheap to make text of, and dear to parse as text: V8 puts every short string into a table (Node 24, 40 000 of
 * them: parsed as text 15 ms with 9 digits, 4 with 10; parsed as numbers and turned into text 4 and 20).
 */
export function noteIdentifier(bytes: Uint8Array, start: number, found: Offsets): number {
  let at = start
  while (isDigit(bytes[at] ?? 0)) at++
  // What JSON.parse would write in another way, or refuse, is left to it.
  const isPlain = !isNumeric(bytes[at] ?? 0) && bytes[start] !== ZERO
  if (!isPlain || at - start < LONG_NAMED) return noteNumber(bytes, start, found)
  note(bytes, start, at, found)
  return at
}

/** Whether the number at `start` is the value of a member with one of the names, as far as the bytes before it tell. */
export function isNamed(bytes: Uint8Array, start: number, names: readonly Uint8Array[]): boolean {
  if (names.length === 0) return false
  const colon = before(bytes, start)
  if (bytes[colon] !== COLON) return false
  const quote = before(bytes, colon)
  return bytes[quote] === QUOTE && names.some((name) => endsWith(bytes, quote, name))
}

/** The index of the last byte before one that is no white space. */
function before(bytes: Uint8Array, start: number): number {
  let at = start - 1
  while (isSpace(bytes[at])) at--
  return at
}

/** A quote that is escaped does not open a name. */
function endsWith(bytes: Uint8Array, end: number, name: Uint8Array): boolean {
  const start = end - name.length
  if (bytes[start - 1] !== QUOTE || bytes[start - 2] === BACKSLASH) return false
  return name.every((byte, at) => bytes[start + at] === byte)
}

/**
 * As `noteNumber` for all that could be numbers around a byte that is part of one, from `judged` on: what is before it has
 * been looked at. Returns where that ends.
 */
export function noteNumbersAround(bytes: Uint8Array, middle: number, judged: number, found: Offsets): number {
  let at = middle
  while (at > judged && isNumeric(bytes[at - 1] ?? 0)) at--
  while (isNumeric(bytes[at] ?? 0)) at = startsNumber(bytes[at] as number) ? noteNumber(bytes, at, found) : at + 1
  return at
}

function noteFraction(bytes: Uint8Array, start: number, from: number, found: Offsets): number {
  let [at, hasExponent] = [from, false]
  for (; isNumeric(bytes[at] ?? 0); at++) if (isExponent(bytes[at] as number)) hasExponent = true
  // Only these can be beyond the range of a double; looking at all of them costs half of the scan.
  if ((hasExponent || at - start > 300) && isOutOfRange(bytes.subarray(start, Math.min(at, start + 400))))
    note(bytes, start, at, found)
  return at
}

function isOutOfRange(token: Uint8Array): boolean {
  const text = String.fromCharCode(...token)
  return JSON_NUMBER.test(text) && !Number.isFinite(Number(text))
}

/** A number in the place of a key is no JSON, and must not become it. */
function note(bytes: Uint8Array, start: number, end: number, found: Offsets): void {
  let next = end
  while (isSpace(bytes[next])) next++
  if (bytes[next] === COLON) return
  found.push(start)
  found.push(end)
}

/** Linear: every alternative begins with another character. RFC 8259 section 6. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
