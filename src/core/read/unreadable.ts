/** Why bytes cannot be read: what, where (the offset in the body) and the likely cause. Never the bytes themselves. */
import { isUtf8 } from 'node:buffer'
import { CLOSE_ARRAY, OPEN_ARRAY, OPEN_OBJECT } from '../../json/bytes.ts'
import { likelyCause } from '../../json/cause.ts'
import type { ScanFailure } from '../../json/findings.ts'

/** Of one element, between two offsets of its body. */
export function brokenElement(body: Uint8Array, start: number, end: number): string {
  const bytes = body.subarray(start, end)
  if (!isUtf8(bytes)) return reasonOf('the element is not UTF-8', start + firstOfNoUtf8(bytes), OTHER_CHARSET)
  const found = likelyCause(body, start, end)
  return found === null ? NOT_JSON : reasonOf(NOT_JSON, found.at, found.cause)
}

export const NOT_JSON = 'the element is not JSON'

/** Of a body whose elements cannot be told apart. */
export function brokenBody(body: Uint8Array, failed: ScanFailure): string {
  const { failure } = failed
  const { at, cause } = placeOf(body, failed)
  return at === null ? failure : reasonOf(failure, at, cause)
}

function reasonOf(what: string, at: number, cause: string | null): string {
  return `${what} at byte ${at}${cause === null ? '' : `: likely ${cause}`}`
}

interface Position {
  readonly at: number | null
  readonly cause: string | null
}

function placeOf(body: Uint8Array, { kind, at, from }: ScanFailure): Position {
  switch (kind) {
    case 'many':
      return { at: null, cause: null }
    case 'encoding':
      return { at: firstOfNoUtf8(body), cause: encodingOf(body) }
    case 'start':
      return { at, cause: formatOf(body, at ?? 0) }
    case 'behind':
      return { at, cause: isOpen(body[at ?? 0]) ? 'several texts of JSON, one after the other' : null }
    case 'empty':
      return body[at ?? 0] === CLOSE_ARRAY
        ? { at: from - 1, cause: 'a trailing comma' }
        : { at, cause: 'a comma too many' }
    default: {
      const found = likelyCause(body, from, body.length)
      return found?.cause ? found : { at, cause: kind === 'end' ? 'a body that was cut off' : null }
    }
  }
}

const isOpen = (byte: number | undefined) => byte === OPEN_OBJECT || byte === OPEN_ARRAY

/** By halves, each looked at once: `good` is a border of characters, before which all is UTF-8. */
function firstOfNoUtf8(body: Uint8Array): number {
  let [good, bad] = [0, body.length]
  while (bad - good > 2 * LONGEST_CHARACTER) {
    const middle = (good + bad) >> 1
    const less = [0, 1, 2, 3].find((bytes) => isUtf8(body.subarray(good, middle - bytes)))
    if (less === undefined) bad = middle
    else good = middle - less
  }
  for (let end = good + 1; end <= body.length && end - good <= LONGEST_CHARACTER; end++)
    if (isUtf8(body.subarray(good, end))) good = end
  return good
}

/** In bytes. */
const LONGEST_CHARACTER = 4

const OTHER_CHARSET = 'another charset, such as Windows-1252'

function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'UTF-16'
  if (first === 0x1f && second === 0x8b) return 'gzip without a Content-Encoding'
  return OTHER_CHARSET
}

/** What begins so. */
const FORMATS: ReadonlyArray<readonly [start: RegExp, format: string]> = [
  [/^</, 'XML or HTML'],
  [/^"/, 'JSON inside a text of JSON'],
  [/^--/, 'multipart'],
  [/^[\w%.+-]+=/, 'the fields of a form'],
]

function formatOf(body: Uint8Array, at: number): string | null {
  const head = Buffer.from(body.subarray(at, at + 100)).toString('latin1')
  return FORMATS.find(([start]) => start.test(head))?.[1] ?? null
}
