import { expect, it } from 'vitest'
import { pickInTurn } from '../../../src/inboxes/rules/in-turn.ts'

const items = (name: string, ...sizes: number[]) => sizes.map((bytes, i) => ({ name: `${name}${i + 1}`, bytes }))
const pick = (due: number[], fresh: number[], turn: 0 | 1, maxDeliveries: number, maxBytes = 1_000) => {
  const result = pickInTurn([items('d', ...due), items('n', ...fresh)], turn, { maxDeliveries, maxBytes })
  return [result.picked.map((item) => item.name).join(' '), result.turn]
}

it('takes one of each in turn', () => {
  expect(pick([1, 1, 1], [1, 1, 1], 0, 4)).toEqual(['d1 n1 d2 n2', 0])
  expect(pick([1, 1, 1], [1, 1, 1], 1, 3)).toEqual(['n1 d1 n2', 0])
})

it('gives the rest to the one that has something', () => {
  expect(pick([1], [1, 1, 1], 0, 4)).toEqual(['d1 n1 n2 n3', 0])
  expect(pick([], [1, 1], 0, 4)[0]).toBe('n1 n2')
  expect(pick([], [], 1, 4)[0]).toBe('')
})

it('goes on with the other next time', () => {
  const [, turn] = pick([1], [1], 0, 1)
  expect(pick([1], [1], turn as 0 | 1, 1)[0]).toBe('n1')
})

it('stops at what does not fit, and never skips ahead', () => {
  expect(pick([600, 1], [500, 1], 0, 9)[0]).toBe('d1')
  expect(pick([600, 1], [400, 1], 0, 9)[0]).toBe('d1 n1')
})

it('gives the first whatever its size', () => {
  expect(pick([5_000, 1], [], 0, 9)[0]).toBe('d1')
  expect(pick([5_000], [], 0, 0)[0]).toBe('')
})
