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
