import { expect, test } from 'vitest'
import { letGo } from '../../src/lib/let-go.ts'

test('frees the memory at once', () => {
  const bytes = new Uint8Array(100_000)
  letGo(bytes)
  expect([bytes.length, bytes.buffer.byteLength]).toEqual([0, 0])
})

test.each([
  ['a part of a larger memory', () => new Uint8Array(new ArrayBuffer(200_000), 0, 100_000)],
  ['memory that threads share', () => new Uint8Array(new SharedArrayBuffer(100_000))],
  ['a few bytes', () => new Uint8Array(100)],
])('leaves %s alone', (_, make) => {
  const bytes = make()
  const { length } = bytes
  letGo(bytes)
  expect(bytes.length).toBe(length)
})
