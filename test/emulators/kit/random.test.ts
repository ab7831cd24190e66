import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toMs } from '../../../src/emulators/kit/duration.ts'
import { Random } from '../../../src/emulators/kit/random.ts'

describe('random test data', () => {
  it('is the same for a seed, and for a fork however much was drawn before', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer(), fc.nat(20), (seed, key, drawn) => {
        const [a, b] = [new Random(seed), new Random(seed)]
        for (let n = 0; n < drawn; n++) b.next()
        expect(a.fork(key).uuid()).toBe(b.fork(key).uuid())
        expect(a.fork(key).uuid()).not.toBe(a.fork(key + 1).uuid())
      }),
    )
  })

  it('keeps its bounds and its forms', () => {
    const random = new Random(4)
    const integers = Array.from({ length: 2_000 }, () => random.integer(3, 7))
    expect([...new Set(integers)].sort()).toEqual([3, 4, 5, 6, 7])
    for (let n = 0; n < 200; n++) {
      expect(random.hex(20)).toMatch(/^[0-9a-f]{20}$/)
      expect(random.digits(18)).toMatch(/^[1-9]\d{17}$/)
      expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(random.exponential(10, 15)).toBeLessThanOrEqual(15)
    }
  })
})

describe('a duration', () => {
  it.each([
    [0, 0],
    [1_500, 1_500],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['10m', 600_000],
    ['4h', 14_400_000],
    ['2d', 172_800_000],
  ])('%j is %i ms', (duration, ms) => {
    expect(toMs('wait', duration)).toBe(ms)
  })

  it.each(['', '4', '4 h', 'h', '-1s', '1e3s', -1, Number.NaN, null, undefined, {}])('%j is none', (duration) => {
    expect(() => toMs('wait', duration)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
