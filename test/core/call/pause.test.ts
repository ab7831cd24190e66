import { expect, it } from 'vitest'
import { PauseWatch } from '../../../src/core/call/pause.ts'

it('a clock that is set back a day keeps a paused handler from no probe: the next is one delay away at most', () => {
  let now = Date.UTC(2026, 0, 2)
  const watch = new PauseWatch({ now: () => now, steady: () => 0, after: () => () => {} })
  watch.set({ by: 'failures', since: now })
  for (let probe = 0; probe < 3; probe++) watch.failed('d_x.0')
  expect(watch.isOpen()).toBe(false)
  now -= 86_400_000
  expect(watch.probeAt()).toBe(now)
  expect(watch.isOpen()).toBe(true)
  watch.failed('d_x.0')
  expect(watch.isOpen()).toBe(false)
})

it('a handler that failures have paused is tried in one process alone, and in the next when that one is gone', () => {
  let now = Date.UTC(2026, 0, 2)
  const watch = new PauseWatch({ now: () => now, steady: () => 0, after: () => () => {} })
  watch.set({ by: 'failures', since: now, probe: false })
  now += 600_000
  expect([watch.isOpen(), watch.probeAt()]).toEqual([false, null])
  watch.set({ by: 'failures', since: now, probe: true })
  expect([watch.isOpen(), watch.probeAt()]).toEqual([true, now])
})
