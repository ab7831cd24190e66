import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Agenda } from '../../../src/emulators/kit/agenda.ts'
import { realClock, Tasks, virtualClock } from '../../../src/emulators/kit/clock.ts'

describe('the agenda', () => {
  it('gives entries by time, then by order of entry, without the cancelled', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean())), (wanted) => {
        const agenda = new Agenda()
        for (const [n, [at, cancelled]] of wanted.entries()) agenda.add(at, () => n).cancelled = cancelled
        const taken = []
        for (let due = agenda.takeNext(9); due.length > 0; due = agenda.takeNext(9))
          taken.push(...due.map(({ run }) => run()))
        const kept = [...wanted.entries()].filter(([, [, cancelled]]) => !cancelled)
        expect(taken).toEqual(kept.sort(([, [a]], [, [b]]) => a - b).map(([n]) => n))
      }),
    )
  })
})

describe('the virtual clock', () => {
  it('stands still until it is advanced, and does what is due on the way at its time', async () => {
    const clock = virtualClock({ at: '2026-03-01T00:00:00Z' })
    const seen: [string, number][] = []
    clock.after(60_000, () => void seen.push(['b', clock.now()]))
    clock.after(1_000, () => {
      seen.push(['a', clock.now()])
      clock.after(500, () => void seen.push(['after a', clock.now()]))
    })
    clock.after(61_001, () => void seen.push(['later', clock.now()]))
    await clock.advance('61s')
    const start = Date.UTC(2026, 2, 1)
    expect(seen).toEqual([
      ['a', start + 1_000],
      ['after a', start + 1_500],
      ['b', start + 60_000],
    ])
    expect(clock.now()).toBe(start + 61_000)
  })

  it('waits for the promises of an instant together before it goes on', async () => {
    const clock = virtualClock()
    const { promise, resolve } = Promise.withResolvers<void>()
    const seen: string[] = []
    clock.after(5, () => promise)
    clock.after(5, () => resolve())
    clock.after(6, () => void seen.push('next'))
    await clock.advance(10)
    expect(seen).toEqual(['next'])
  })

  it('adds up what is advanced at once', async () => {
    const clock = virtualClock({ at: 0 })
    await Promise.all([clock.advance('1h'), clock.advance('30m'), clock.advance('1s')])
    expect(clock.now()).toBe(5_401_000)
  })

  it('rejects with what a task threw, once the tasks beside it have ended, and goes on afterwards', async () => {
    const clock = virtualClock()
    const seen: string[] = []
    clock.after(1, async () => {
      throw new RangeError('broken')
    })
    clock.after(1, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.push('beside')
    })
    clock.after(2, () => void seen.push('after'))
    await expect(clock.advance(5)).rejects.toThrow(RangeError)
    expect(seen).toEqual(['beside'])
    await clock.advance(5)
    expect(seen).toEqual(['beside', 'after'])
  })

  it('refuses what is no duration and no time', async () => {
    const clock = virtualClock()
    for (const wrong of ['4 hours', '-1s', '', '1w', Number.NaN, -1, null])
      await expect(clock.advance(wrong as never), String(wrong)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    expect(() => virtualClock({ at: 'tomorrow' })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })

  it('forgets the tasks of an emulator that closed, and no others', async () => {
    const clock = virtualClock()
    const seen: string[] = []
    const [closed, open] = [new Tasks(clock), new Tasks(clock)]
    closed.after(1, () => void seen.push('closed'))
    open.after(1, () => void seen.push('open'))
    open.after(1, () => void seen.push('cancelled'))()
    closed.close()
    closed.after(1, () => void seen.push('after closing'))
    await clock.advance(5)
    expect(seen).toEqual(['open'])
  })
})

describe('the real clock', () => {
  it('runs tasks by itself, at its speed, and advance waits for their promises', async () => {
    const clock = realClock({ speed: 10_000, at: 0 })
    const seen: string[] = []
    clock.after(60_000, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.push('done')
    })
    clock.after(90_000, () => void seen.push('cancelled'))()
    await clock.advance('2m')
    expect(seen).toEqual(['done'])
    expect(clock.now()).toBeGreaterThanOrEqual(120_000)
  })

  it('tells what a task threw to the next advance', async () => {
    const clock = realClock({ speed: 1_000 })
    clock.after(1, () => {
      throw new RangeError('broken')
    })
    await expect(clock.advance('1s')).rejects.toThrow(RangeError)
    await clock.advance('1s')
  })

  it('refuses a speed that is none', () => {
    for (const speed of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => realClock({ speed })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
