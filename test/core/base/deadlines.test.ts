import { describe, expect, it } from 'vitest'
import { Deadlines } from '../../../src/core/base/deadlines.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** Runs its timers when the test says so, whatever the time is then. */
class LateClock implements Clock {
  time = 0
  readonly asked: number[] = []
  fire = () => {}

  steady(): number {
    return this.now()
  }

  now(): number {
    return this.time
  }

  after(ms: number, run: () => void): () => void {
    this.asked.push(ms)
    this.fire = run
    return () => {}
  }
}

function deadlinesOn(clock: Clock) {
  const deadlines = new Deadlines(clock)
  const ended: string[] = []
  return { deadlines, ended, wait: (name: string, ms: number) => deadlines.after(ms, () => ended.push(name)) }
}

describe('deadlines', () => {
  it('end each wait to the millisecond', async () => {
    const clock = new FakeClock()
    const { ended, wait } = deadlinesOn(clock)
    wait('first', 1_000)
    await clock.advance(400)
    wait('second', 1_000)
    wait('short', 100)
    await clock.advance(99)
    expect(ended).toEqual([])
    await clock.advance(1)
    expect(ended).toEqual(['short'])
    await clock.advance(500)
    expect(ended).toEqual(['short', 'first'])
    await clock.advance(399)
    expect(ended).toHaveLength(2)
    await clock.advance(1)
    expect(ended).toEqual(['short', 'first', 'second'])
    expect(clock.pending).toBe(0)
  })

  it('take one timer for all waits of a length, and give one that follows a cancelled one its whole time', async () => {
    const clock = new FakeClock()
    const { ended, wait } = deadlinesOn(clock)
    const cancels = Array.from({ length: 50 }, () => wait('never', 1_000))
    expect(clock.pending).toBe(1)
    await clock.advance(900)
    for (const cancel of cancels) cancel()
    wait('last', 1_000)
    await clock.advance(999)
    expect([ended, clock.pending]).toEqual([[], 1])
    await clock.advance(1)
    expect([ended, clock.pending]).toEqual([['last'], 0])
  })

  it('begin a new wait of the same length when one is over', async () => {
    const clock = new FakeClock()
    const { deadlines, ended, wait } = deadlinesOn(clock)
    deadlines.after(1_000, () => void wait('again', 1_000))
    await clock.advance(1_999)
    expect(ended).toEqual([])
    await clock.advance(1)
    expect(ended).toEqual(['again'])
  })

  it('leave a timer only while somebody waits', async () => {
    const clock = new FakeClock()
    const { deadlines, ended, wait } = deadlinesOn(clock)
    wait('cancelled', 1_000)()
    wait('still there', 2_000)
    deadlines.end()
    expect(clock.pending).toBe(1)
    await clock.advance(2_000)
    expect([ended, clock.pending]).toEqual([['still there'], 0])
  })

  it('do not add up what timers are late by', () => {
    const clock = new LateClock()
    const { wait } = deadlinesOn(clock)
    wait('first', 1_000)
    clock.time = 500
    wait('second', 1_000)
    clock.time = 1_030
    clock.fire()
    expect(clock.asked).toEqual([1_000, 470])
  })

  it.each([
    ['back', -3_600_000, [1_000, 500, 1_000]],
    ['forward', 3_600_000, [1_000, 500, 1_000]],
  ])('outlive a clock that is set %s', (_way, by, asked) => {
    const clock = new LateClock()
    const { ended, wait } = deadlinesOn(clock)
    wait('first', 1_000)
    clock.time = 500
    wait('second', 1_000)
    clock.time += by
    wait('third', 1_000)
    clock.fire()
    expect(ended).toEqual(['first'])
    clock.fire()
    expect(ended).toEqual(['first', 'second'])
    expect(clock.asked).toEqual(asked)
  })
})
