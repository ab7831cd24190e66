/** A wall clock that leaps. */
import { describe, it } from 'vitest'
import { leapAtWork, leapBetween, leapsUnderLoad } from './harness/clock-leaps.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('a wall clock', () => {
  it.each([
    ['a day back', -DAY],
    ['a year back', -365 * DAY],
    ['a day on', DAY],
    ['an hour on', HOUR],
  ])('that leaps %s while a retry waits leaves nothing waiting, and calls no handler twice', async (_, ms) => {
    await leapAtWork(ms)
  })

  it.each([
    ['a day back', 'killed', -DAY],
    ['a day back', 'closed', -DAY],
    ['two hours on', 'killed', 2 * HOUR],
  ] as const)('that leapt %s while nobody ran (the last process was %s) keeps no retry waiting', async (_, how, ms) => {
    await leapBetween(ms, how)
  })

  it('that goes there and back under load refuses nobody', async () => {
    await leapsUnderLoad([DAY, 0, -DAY, 0])
  })
})
