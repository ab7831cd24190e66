import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { Gatherer } from '../../src/http/gather.ts'

const LARGE = 1_000_000

function gather(chunks: readonly Uint8Array[], announced: number | null) {
  const gatherer = new Gatherer(announced)
  for (const chunk of chunks) gatherer.add(chunk)
  return gatherer.end()
}

/** Bytes that differ from place to place, in chunks of at most `size`. */
function chunked(length: number, size = 65_536): { whole: Uint8Array; chunks: Uint8Array[] } {
  const whole = Uint8Array.from({ length }, (_, at) => (at * 31) >> 3)
  const chunks = Array.from({ length: Math.ceil(length / size) }, (_, n) => whole.slice(n * size, (n + 1) * size))
  return { whole, chunks }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

describe('bytes that come in chunks', () => {
  it.each([
    ['as announced', LARGE],
    ['with nothing announced', null],
    ['fewer than announced', LARGE + 1],
    ['far fewer than announced', 10 * LARGE],
    ['more than announced', LARGE - 1],
    ['more than announced, from the middle of a chunk on', 600_000],
    ['far more than announced', 10],
  ])('are whole and hashed: %s', (_case, announced) => {
    const { whole, chunks } = chunked(LARGE)
    const gathered = gather(chunks, announced)
    expect(Buffer.compare(gathered.bytes, whole)).toBe(0)
    expect(Buffer.compare(gathered.sha256 as Uint8Array, sha256(whole))).toBe(0)
  })

  it('are left to be hashed at once where they are few', () => {
    const { whole, chunks } = chunked(1_000, 300)
    expect(gather(chunks, 1_000)).toEqual({ bytes: whole, sha256: null, own: true })
    expect(gather([], null)).toEqual({ bytes: new Uint8Array(), sha256: null, own: false })
  })

  it('are the chunk itself where there is one, which its host may have too', () => {
    for (const chunk of [new Uint8Array(100), new Uint8Array(LARGE)]) {
      const { bytes, own } = gather([chunk], null)
      expect([bytes === chunk, own]).toEqual([true, false])
    }
  })

  it.each([
    ['as announced', LARGE, LARGE],
    ['with nothing announced', LARGE, null],
    ['few, as announced', 100_000, 100_000],
    ['fewer than announced', LARGE, LARGE + 1],
    ['more than announced', LARGE, LARGE - 1],
  ])('let go of the memory of chunks that nobody else reads, once copied: %s', (_case, length, announced) => {
    const { whole, chunks } = chunked(length)
    const gatherer = new Gatherer(announced)
    for (const chunk of chunks) gatherer.add(chunk, true)
    const { bytes } = gatherer.end()
    expect(Buffer.compare(bytes, whole)).toBe(0)
    // What is worth it: a chunk of 64 kB, not the rest at the end.
    expect(chunks.filter((chunk) => chunk.length >= 65_536)).toEqual([])
  })

  it('keep the memory of a single chunk, which is that of the whole', () => {
    const gatherer = new Gatherer()
    const chunk = new Uint8Array(100_000).fill(7)
    gatherer.add(chunk, true)
    expect(Buffer.compare(gatherer.end().bytes, new Uint8Array(100_000).fill(7))).toBe(0)
  })

  it('are copied once where their length was announced, and lie in memory of their own size', () => {
    const { chunks } = chunked(LARGE)
    const set = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype), 'set')
    const { bytes } = gather(chunks, LARGE)
    const copied = set.mock.calls.reduce((sum, [source]) => sum + (source as Uint8Array).length, 0)
    vi.restoreAllMocks()
    expect(copied).toBe(LARGE)
    expect(bytes.buffer.byteLength).toBe(LARGE)
  })

  it('take no memory for what is only announced', () => {
    const before = process.memoryUsage().arrayBuffers
    const gatherer = new Gatherer(64 << 20)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20)
    expect(gatherer.total).toBe(0)
  })
})
