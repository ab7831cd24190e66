import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { digestBytes, digestText, sha256 } from '../../src/lib/digest.ts'

const expected = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const numbered = (length: number) => Uint8Array.from({ length }, (_, at) => at)

it.each([0, 1, 64, 1_000])('digests %i bytes as createHash does', (length) => {
  const bytes = numbered(length)
  expect(Buffer.from(digestText(bytes), 'latin1')).toEqual(expected(bytes))
  expect(Buffer.from(digestBytes(bytes))).toEqual(expected(bytes))
})

it('answers at once for a few bytes, and leaves the event loop free for many', async () => {
  let turns = 0
  const breathe = async () => void turns++
  expect(sha256(numbered(1_000), breathe)).toBeInstanceOf(Uint8Array)
  const many = numbered(10_000_000)
  expect(Buffer.compare(await sha256(many, breathe), expected(many))).toBe(0)
  expect(turns).toBe(2)
})
