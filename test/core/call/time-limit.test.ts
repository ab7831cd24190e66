import { describe, expect, it } from 'vitest'
import { Attempt, type Outcome } from '../../../src/core/call/attempt.ts'
import { TimeLimit } from '../../../src/core/call/time-limit.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const clock = new FakeClock()
const endless = () => new Promise<never>(() => {})

function begin(limit: TimeLimit): { attempt: Attempt; ended: Outcome[] } {
  const ended: Outcome[] = []
  const attempt = new Attempt(1, 'work', clock.steady(), (outcome) => ended.push(outcome))
  attempt.run(endless, null)
  limit.add(attempt)
  return { attempt, ended }
}

describe('the time limit of a handler', () => {
  it('ends each of several calls when its own time is over', async () => {
    const limit = new TimeLimit(clock, 1_000)
    const first = begin(limit)
    await clock.advance(400)
    const second = begin(limit)
    await clock.advance(599)
    expect([first.ended, second.ended]).toEqual([[], []])
    await clock.advance(1)
    expect(first.ended).toMatchObject([{ end: 'failed', error: { code: 'ERR_HANDLER_TIMEOUT' } }])
    expect(second.ended).toEqual([])
    await clock.advance(399)
    expect(second.ended).toEqual([])
    await clock.advance(1)
    expect(second.ended).toMatchObject([{ end: 'failed' }])
    expect(clock.pending).toBe(0)
  })

  it('gives a call that follows one that ended its whole time', async () => {
    const limit = new TimeLimit(clock, 1_000)
    const first = begin(limit)
    await clock.advance(900)
    limit.delete(first.attempt)
    const second = begin(limit)
    await clock.advance(999)
    expect(second.ended).toEqual([])
    await clock.advance(1)
    expect([first.ended, second.ended]).toMatchObject([[], [{ end: 'failed' }]])
  })

  it('sets one timer for all calls, and leaves none when it has ended', () => {
    const limit = new TimeLimit(clock, 1_000)
    const calls = Array.from({ length: 50 }, () => begin(limit))
    expect(clock.pending).toBe(1)
    for (const { attempt } of calls) limit.delete(attempt)
    limit.end()
    expect(clock.pending).toBe(0)
  })
})
