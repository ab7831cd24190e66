import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { createNotices } from '../../../src/core/base/notices.ts'
import { FakeClock } from '../../support/fake-clock.ts'

test('a count of what was told belongs to no request', async () => {
  const context = new AsyncLocalStorage<string>()
  const told: unknown[] = []
  const line = ({ times = 1 }: object & { times?: number }) => void told.push([context.getStore(), times])
  const clock = new FakeClock()
  const notices = context.run('home', () => createNotices({ info: line, warn: line, error: line }, clock))
  const say = () => notices('a kind', 'warn', 'a line', { event: 'internal' })
  context.run('one', say)
  context.run('two', say)
  context.run('three', say)
  await context.run('somebody', () => clock.advance(60_000))
  context.run('four', say)
  context.run('closes', () => notices.flush())
  expect(told).toEqual([
    ['one', 1],
    ['home', 2],
    ['home', 1],
  ])
})
