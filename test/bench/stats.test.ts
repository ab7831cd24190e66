import { expect, it } from 'vitest'
import { quantile, ratios, spreadOf } from '../../bench/harness/stats.ts'

it('a quantile lies between its neighbours', () => {
  expect(quantile([10, 20, 30, 40], 0)).toBe(10)
  expect(quantile([10, 20, 30, 40], 0.5)).toBe(25)
  expect(quantile([10, 20, 30, 40], 1)).toBe(40)
  expect(quantile([7], 0.99)).toBe(7)
})

it('a spread does not depend on the order of the values, nor change it', () => {
  const values = [30, 10, 20]
  expect(spreadOf(values)).toMatchObject({ count: 3, min: 10, median: 20, max: 30 })
  expect(values).toEqual([30, 10, 20])
})

it('a series without values has no spread', () => {
  expect(() => spreadOf([])).toThrow(RangeError)
})

it('ratios are taken round by round, as far as both go', () => {
  expect(ratios([10, 30, 5], [5, 10])).toEqual([2, 3])
})
