import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Seldom } from '../../../src/inboxes/postgres/life/seldom.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** How long after its beginning it is done again, where it takes so long. */
function pauseAfter(seldom: Seldom, tookMs: number): number {
  expect(seldom.begins()).toBe(true)
  vi.advanceTimersByTime(tookMs)
  seldom.ended()
  let ms = tookMs
  for (; !seldom.begins(); ms++) vi.advanceTimersByTime(1)
  return ms
}

it('what takes long is done again later, a minute later at most', () => {
  expect(pauseAfter(new Seldom(1_000), 2)).toBe(1_000)
  expect(pauseAfter(new Seldom(1_000), 200)).toBe(4_000)
  expect(pauseAfter(new Seldom(0), 10_000)).toBe(60_000)
})

it('what fails is done again at its time', () => {
  const seldom = new Seldom(1_000)
  expect([seldom.begins(), seldom.begins()]).toEqual([true, false])
  vi.advanceTimersByTime(1_000)
  expect(seldom.begins()).toBe(true)
})
