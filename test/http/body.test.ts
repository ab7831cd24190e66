import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeBody, readBody } from '../../src/http/body.ts'
import type { BodyLimits } from '../../src/http/body-limits.ts'
import type { Gathered } from '../../src/http/gather.ts'
import { FakeClock } from '../support/fake-clock.ts'

function limits(more: Partial<BodyLimits> = {}): BodyLimits {
  return {
    maxBytes: 1_000,
    bodyMs: 30_000,
    minBytesPerSecond: 10,
    take: () => true,
    ...more,
  }
}

async function* chunks(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size).fill(7)
}

/** A sender that stays silent after its first bytes. */
async function* silent(first: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(first)
  await new Promise(() => {})
}

function bytesOf(result: Gathered | string): Uint8Array {
  return typeof result === 'string' ? expect.fail(result) : result.bytes
}

describe('readBody', () => {
  it('joins the chunks', async () => {
    expect(await readBody(chunks(3, 0, 4), limits(), new FakeClock())).toMatchObject({
      bytes: new Uint8Array(7).fill(7),
    })
  })

  it('takes a body of exactly the limit and refuses one byte more', async () => {
    expect(await readBody(chunks(600, 400), limits(), new FakeClock())).toMatchObject({ bytes: { length: 1_000 } })
    expect(await readBody(chunks(600, 401), limits(), new FakeClock())).toBe('body_too_large')
  })

  it('stops reading when there is no room', async () => {
    let taken = 0
    const take = (bytes: number) => {
      taken += bytes
      return taken <= 5
    }
    expect(await readBody(chunks(4, 4, 4), limits({ take }), new FakeClock())).toBe('overloaded')
    expect(taken).toBe(8)
  })

  it('gives up on a silent sender after five seconds below the rate', async () => {
    const clock = new FakeClock()
    const reading = readBody(silent(49), limits(), clock)
    await clock.advance(5_000)
    expect(await reading).toBe('body_too_slow')
  })

  it('waits for a slow sender that keeps the rate, but not beyond the deadline', async () => {
    const clock = new FakeClock()
    const reading = readBody(silent(900), limits({ bodyMs: 8_000 }), clock)
    await clock.advance(7_999)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(await reading).toBe('body_too_slow')
    expect(clock.pending).toBe(0)
  })

  it('passes on that the sender has left, and leaves no timer', async () => {
    const clock = new FakeClock()
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1)
      throw new Error('gone')
    }
    await expect(readBody(broken(), limits(), clock)).rejects.toThrow('gone')
    expect(clock.pending).toBe(0)
  })
})

describe('decodeBody', () => {
  const text = new TextEncoder().encode('{"a":1}'.repeat(100))

  it.each([
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['gzip', Buffer.concat([gzipSync(text.subarray(0, 10)), gzipSync(text.subarray(10))])],
  ] as const)('undoes %s', async (coding, bytes) => {
    expect(new Uint8Array(bytesOf(await decodeBody(bytes, coding, limits({ maxBytes: 700 }))))).toEqual(text)
  })

  it('refuses more than the limit, to the byte', async () => {
    expect(await decodeBody(gzipSync(text), 'gzip', limits({ maxBytes: 700 }))).toMatchObject({
      bytes: { length: 700 },
    })
    expect(await decodeBody(gzipSync(text), 'gzip', limits({ maxBytes: 699 }))).toBe('body_too_large')
  })

  it('stops a bomb at the limit', async () => {
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => gzipSync(new Uint8Array(1 << 20))))
    let decoded = 0
    const take = (bytes: number) => {
      decoded += bytes
      return true
    }
    expect(await decodeBody(bomb, 'gzip', limits({ maxBytes: 1 << 20, take }))).toBe('body_too_large')
    expect(decoded).toBeLessThanOrEqual(1 << 20)
  })

  it('stops as soon as there is no room for what is decoded', async () => {
    const asked: number[] = []
    const take = (bytes: number) => asked.push(bytes) < 3
    const bomb = gzipSync(new Uint8Array(1 << 20))
    expect(await decodeBody(bomb, 'gzip', limits({ maxBytes: 1 << 20, take }))).toBe('overloaded')
    expect(asked).toHaveLength(3)
    expect(Math.max(...asked)).toBeLessThanOrEqual(64 << 10)
  })

  it('keeps no more memory than the body has bytes', async () => {
    const small = bytesOf(await decodeBody(gzipSync(text), 'gzip', limits()))
    expect(small.buffer.byteLength).toBe(small.byteLength)
  })

  it.each([
    ['cut off', gzipSync(text).subarray(0, 20)],
    ['with a wrong checksum', new Uint8Array(gzipSync(text)).fill(0, -8, -4)],
    ['that is JSON', Buffer.from('{"a":1}')],
  ])('calls a gzip body %s unreadable', async (_name, bytes) => {
    expect(await decodeBody(bytes, 'gzip', limits({ maxBytes: 10_000 }))).toBe('unreadable')
  })

  it.each([
    ['gzip', Buffer.concat([gzipSync(text), Buffer.from('more')])],
    ['deflate', Buffer.concat([deflateSync(text), Buffer.from('more')])],
    ['deflate', Buffer.concat([deflateRawSync(text), Buffer.from('more')])],
  ] as const)('calls a %s body unreadable that goes on after its end', async (coding, bytes) => {
    expect(await decodeBody(bytes, coding, limits({ maxBytes: 10_000 }))).toBe('unreadable')
  })
})
