/**
 * Bodies of which elements were taken out. A tombstone stands in the place of each, so that the indices of the others,
 * and the ids made of them, stay. Private.
 */
import { Scanner } from './scan.ts'
import { elementBytes } from './slices.ts'

/**
 * What a tombstone is once it is parsed. No sender's event is a bare string, and it only counts in deliveries of which
 * the inbox says that they were altered.
 */
export const ERASED = 'erased'

const encoder = new TextEncoder()
const tombstone = encoder.encode(JSON.stringify(ERASED))

export interface Altered {
  readonly body: Uint8Array
  /** Elements that were replaced now; those that were gone already do not count. */
  readonly erased: number
}

/** The body with tombstones at `indices`; those it does not have are passed over. null: it has no borders to be found. */
export function withoutElements(body: Uint8Array, indices: readonly number[]): Altered | null {
  const scanner = new Scanner(body)
  while (!scanner.advance(body.byteLength));
  const scan = scanner.result()
  if ('failure' in scan) return null
  const known = [...new Set(indices)].filter((index) => index < scan.count).sort((a, b) => a - b)
  const found = known.map((index) => elementBytes(body, scan, index)).filter((element) => !isTombstone(element))
  const parts: Uint8Array[] = []
  let from = 0
  for (const element of found) {
    const start = element.byteOffset - body.byteOffset
    parts.push(body.subarray(from, start), tombstone)
    from = start + element.byteLength
  }
  return { body: joined([...parts, body.subarray(from)]), erased: found.length }
}

/** A body that is nothing but one tombstone. */
export function emptiedBody(): Uint8Array {
  return sparseBody(1, new Map())
}

/** A body of `size` elements, of which only these are there. */
export function sparseBody(size: number, elements: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const count = Math.max(size, ...[...elements.keys()].map((index) => index + 1))
  const parts: Uint8Array[] = []
  for (let index = 0; index < count; index++)
    parts.push(encoder.encode(index === 0 ? '[' : ','), elements.get(index) ?? tombstone)
  return joined([...parts, encoder.encode(count === 0 ? '[]' : ']')])
}

function isTombstone(element: Uint8Array): boolean {
  return Buffer.compare(element, tombstone) === 0
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
