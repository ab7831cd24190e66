/** The likely cause of a fault in JSON, in words that quote none of it. Private. */
import { isForeignLiteral } from './bare-words.ts'
import { CLOSE_ARRAY, CLOSE_OBJECT, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes.ts'
import { findFault, type JsonFault, wordAt } from './fault.ts'

export interface LikelyCause {
  /** The offset of what is likely at fault. */
  readonly at: number
  /** null: nothing that is known. */
  readonly cause: string | null
}

/** Looking at more would hold the event loop for longer than a slice of work. */
const MOST_BYTES = 256 << 10

/** What is wrong between two offsets that should hold one value; null: nothing in the first 256 KiB. */
export function likelyCause(bytes: Uint8Array, start: number, end: number): LikelyCause | null {
  const limit = Math.min(end, start + MOST_BYTES)
  const fault = findFault(bytes, start, limit)
  if (fault === null || (limit < end && fault.at >= limit - LONGEST_TOKEN)) return null
  return isTrailingComma(bytes, fault)
    ? { at: fault.before, cause: 'a trailing comma' }
    : { at: fault.at, cause: causeOf(bytes, fault, limit) }
}

/** What is cut by the limit may look broken. */
const LONGEST_TOKEN = 400

const isClose = (byte: number | undefined) => byte === CLOSE_OBJECT || byte === CLOSE_ARRAY

function isTrailingComma(bytes: Uint8Array, { at, before }: JsonFault): boolean {
  return bytes[before] === COMMA && isClose(bytes[at])
}

/** What stands at the fault, whatever was expected: the first that fits. */
const SIGNS: ReadonlyArray<readonly [sign: RegExp, cause: string]> = [
  [/^(?:[\u2018-\u201f]|[\u00ab\u00bb])/, 'typographic quotation marks in the place of "'],
  [/^['`]/, 'single quotation marks in the place of double ones'],
  [/^[\u00a0\u200b\u2060\ufeff]/, 'an invisible character, as in text that was copied from a page'],
  [/^(?:\/\/|\/\*|#)/, 'a comment'],
  [/^(?:\.\.\.|\u2026)/, 'an ellipsis in the place of what was left out'],
  [/^&/, 'HTML entities'],
  [/^(?:\$|%|\{\{|<)/, 'a template that was not filled in'],
]

function causeOf(bytes: Uint8Array, fault: JsonFault, end: number): string | null {
  if (fault.expected === 'no control character') return 'a line break or another control character inside a text'
  if (fault.expected === 'escape') return 'a backslash that escapes nothing'
  if (fault.expected === 'end of text') return 'a quotation mark that is missing, or a body that was cut off'
  if (fault.at >= end) return 'a body that was cut off'
  const head = Buffer.from(bytes.subarray(fault.at, Math.min(fault.at + 12, end))).toString()
  return SIGNS.find(([sign]) => sign.test(head))?.[1] ?? OTHERWISE[fault.expected](bytes, fault, end)
}

type Judge = (bytes: Uint8Array, fault: JsonFault, end: number) => string | null

const OTHERWISE: Readonly<Record<'value' | 'name' | 'colon' | 'comma', Judge>> = {
  name: (bytes, { at }) => (bytes[at] === COMMA ? 'a comma too many' : 'a name without quotation marks'),
  colon: () => 'a missing colon',
  comma(bytes, { at, before }) {
    const byte = bytes[at]
    if (isClose(byte)) return 'a bracket that is missing, or of the wrong kind'
    if (byte === QUOTE || byte === OPEN_OBJECT || byte === OPEN_ARRAY) return 'a missing comma'
    return bytes[before] === QUOTE ? 'a quotation mark inside a text that is not escaped' : null
  },
  value(bytes, { at }, end) {
    const byte = bytes[at]
    if (byte === COMMA) return 'a comma too many'
    if (isClose(byte)) return 'a missing value'
    const word = wordAt(bytes, at, end)
    if (/^[-+.\d]/.test(word)) return 'a number as JSON has none'
    if (isForeignLiteral(word)) return 'a literal of another language than JSON'
    return word === '' ? null : 'text without quotation marks'
  },
}
