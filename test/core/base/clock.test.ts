import { expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/core/base/clock.ts'

it('waits as long as a timer can when it is asked for longer, and not at all shorter', () => {
  vi.useFakeTimers()
  try {
    let ran = 0
    systemClock.after(40 * 86_400_000, () => ran++)
    vi.advanceTimersByTime(20 * 86_400_000)
    expect(ran).toBe(0)
    vi.advanceTimersByTime(5 * 86_400_000)
    expect(ran).toBe(1)
  } finally {
    vi.useRealTimers()
  }
})
