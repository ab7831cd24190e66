import { expect, it } from 'vitest'
import { Runner } from '../../src/core/dispatch.ts'
import type { HandlerSpec } from '../../src/core/handlers.ts'
import type { AnyEvent } from '../../src/index.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'

const spec: HandlerSpec = {
  ...{ name: 'a', formerly: [], patterns: ['*'], sources: null, tests: true },
  ...{ retry: { attempts: 1, minMs: 1, maxMs: 1 }, timeoutMs: 1_000, concurrency: 1, size: 1, maxWaitMs: 0 },
  each: () => undefined,
  orderBy: null,
  batch: null,
}

it('tells of its room when all that waited was taken back while it gave way', async () => {
  const turn = Promise.withResolvers<void>()
  let rooms = 0
  const runner = new Runner(spec, {
    clock: new FakeClock(),
    pacer: { spent: () => true, breathe: () => turn.promise },
    pauses: true,
    onPause() {},
    onRoom: () => void rooms++,
  })
  // The runner looks at nothing of the event.
  const ticket = runner.submit({ event: {} as AnyEvent, attempts: 0, alone: false, done() {} })
  expect(runner.wantsWork()).toBe(false)
  ticket.withdraw()
  turn.resolve()
  await settled()
  expect(rooms).toBe(1)
  expect(runner.wantsWork()).toBe(true)
})
