import { expect, it } from 'vitest'
import { endsWithout } from '../../../src/inboxes/rules/progress.ts'
import { eventsIn, leftOf } from '../../../src/inboxes/rules/ranges.ts'

it('counts events with both ends of each row', () => {
  expect(eventsIn([])).toBe(0)
  expect(
    eventsIn([
      { first: 3, last: 3 },
      { first: 0, last: 9 },
    ]),
  ).toBe(11)
})

it.each([
  [[], 'untouched'],
  [[1, 5], 'untouched'],
  [[2], 'shrunk'],
  [[4, 99], 'shrunk'],
  [[2, 3, 4], 'ended'],
  [[0, 1, 2, 3, 4, 5], 'ended'],
] as const)('knows what is left of 2 to 4 without %j', (erased, left) => {
  expect(leftOf({ first: 2, last: 4 }, new Set(erased))).toBe(left)
})

it('takes from progress what was erased, and nothing that was not', () => {
  const error = { attempt: 1, at: 1, name: 'Error', message: 'no', code: null }
  const row = (first: number, last: number) => ({
    ...{ handler: 'mail', first, last, attempts: 1, dueAt: 5, errors: [error], replay: null },
  })
  const rows = [row(0, 0), row(1, 2), row(3, 5), row(6, 9)]
  const ends = { rows, dead: [], quarantined: [], unhandled: {}, copies: [], at: 1 }
  const left = endsWithout(ends, new Set([0, 1, 2, 4])).rows
  expect(left).toEqual([{ ...row(3, 5), errors: [] }, row(6, 9)])
})
