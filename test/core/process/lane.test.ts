import { expect, it } from 'vitest'
import type { Outcome } from '../../../src/core/call/attempt.ts'
import { Runner } from '../../../src/core/call/runner.ts'
import type { HandlerSpec } from '../../../src/core/handlers/spec.ts'
import type { Item } from '../../../src/core/process/item.ts'
import { Lane } from '../../../src/core/process/lane.ts'
import type { AnyEvent } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { unheard } from '../../support/telling.ts'

const clock = new FakeClock()
const parts = { ...unheard, clock, pauses: true, mayBegin: () => true, onPause() {}, onRoom() {} }
const pacer = { spent: () => false, breathe: async () => {} }

function laneOf(each: NonNullable<HandlerSpec['each']>) {
  const spec: HandlerSpec = {
    ...{ name: 'a', formerly: [], patterns: ['*'], words: new Set(['*']), sources: null, tests: true },
    ...{ retry: { attempts: 3, minMs: 1, maxMs: 1 }, timeoutMs: 1_000, concurrency: 10, size: 1, maxWaitMs: 0 },
    ...{ each, orderBy: null, batch: null },
  }
  const ended: (readonly [index: number, end: string | undefined, outcome: Outcome['end']])[] = []
  const pass = {
    now: () => clock.now(),
    jitter: 1,
    about: null,
    ended: (_spec: HandlerSpec, { index, end }: Item, _event: AnyEvent, outcome: Outcome) =>
      void ended.push([index, end?.kind, outcome.end]),
  }
  return { lane: new Lane(new Runner(spec, { ...parts, pacer }), pass, null), ended }
}

// The lane and its runner look at the id only.
const eventOf = (index: number) => ({ id: `d.${index}` }) as AnyEvent

/** Events whose handler is not through when the lane ends. */
const HELD = [0, 1, 1_500, 4_000, 4_001]

it('leaves no row over what was done in between, however much that was', () => {
  const held = new Set(HELD.map((index) => `d.${index}`))
  const { lane, ended } = laneOf((event) => (held.has(event.id) ? new Promise(() => {}) : undefined))
  for (let index = 0; index < 5_000; index++) lane.take(eventOf(index), index, null, false, clock.now())
  lane.setAside(5_000, 5_999)
  lane.end('abandon')
  const ranges = lane.rows(clock.now()).map(({ first, last }) => [first, last])
  expect(ranges).toEqual([
    [0, 1],
    [1_500, 1_500],
    [4_000, 4_001],
    [5_000, 5_999],
  ])
  expect([lane.done, lane.returned, ended.length]).toEqual([4_995, 5, 5_000])
})

it('joins what was not begun to the rest that it leaves', () => {
  const { lane } = laneOf(() => new Promise(() => {}))
  for (let index = 0; index < 20; index++) lane.take(eventOf(index), index, null, false, clock.now())
  lane.setAside(20, 99)
  lane.end('abandon')
  expect(lane.rows(clock.now()).map(({ first, last }) => [first, last])).toEqual([[0, 99]])
})

it('keeps what has failed for its next attempt, and nothing of what is done', () => {
  const { lane, ended } = laneOf((event) => {
    if (event.id === 'd.1') throw new Error('no')
  })
  for (const index of [0, 1]) lane.take(eventOf(index), index, null, false, clock.now())
  expect(ended).toEqual([
    [0, 'done', 'done'],
    [1, 'retry', 'failed'],
  ])
  expect(lane.rows(clock.now())).toMatchObject([{ first: 1, last: 1, attempts: 1 }])
})
