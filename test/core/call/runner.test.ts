import { describe, expect, it } from 'vitest'
import { Runner } from '../../../src/core/call/runner.ts'
import { Task } from '../../../src/core/call/task.ts'
import type { HandlerSpec } from '../../../src/core/handlers/spec.ts'
import type { AnyEvent } from '../../../src/index.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { unheard } from '../../support/telling.ts'

const spec: HandlerSpec = {
  ...{ name: 'a', formerly: [], patterns: ['*'], words: new Set(['*']), sources: null, tests: true },
  ...{ retry: { attempts: 1, minMs: 1, maxMs: 1 }, timeoutMs: 1_000, concurrency: 1, size: 1, maxWaitMs: 0 },
  each: () => undefined,
  orderBy: null,
  batch: null,
}

class Waiting extends Task {
  // The runner looks at nothing of the event.
  readonly event = {} as AnyEvent
  readonly attempts = 0
  readonly alone = false
  done(): void {}
}

it('tells of its room when all that waited was taken back while it gave way', async () => {
  const [turn, call] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let rooms = 0
  const runner = new Runner(
    { ...spec, each: () => call.promise },
    {
      ...unheard,
      clock: new FakeClock(),
      pacer: { spent: () => true, breathe: () => turn.promise },
      pauses: true,
      mayBegin: () => true,
      onPause() {},
      onRoom: () => void rooms++,
    },
  )
  const task = new Waiting()
  runner.submit(new Waiting(), 0)
  runner.submit(task, 0)
  expect(runner.wantsWork()).toBe(false)
  call.resolve()
  await settled()
  expect(rooms).toBe(0)
  task.withdraw()
  turn.resolve()
  await settled()
  expect(rooms).toBe(1)
  expect(runner.wantsWork()).toBe(true)
})

it('gives way between events of which each is handed in by the end of the one before', async () => {
  const calls: number[] = []
  let [turns, fresh] = [0, false]
  const pacer = {
    spent: () => !fresh,
    async breathe() {
      turns++
      fresh = true
    },
  }
  const parts = { ...unheard, clock: new FakeClock(), pauses: true, mayBegin: () => true, onPause() {}, onRoom() {} }
  const each = async () => {
    calls.push(turns)
    fresh = false
  }
  const runner = new Runner({ ...spec, concurrency: 2, each }, { ...parts, pacer })
  class Link extends Waiting {
    override done(): void {
      if (calls.length < 5) runner.submit(new Link())
    }
  }
  runner.submit(new Link(), 0)
  await settled()
  expect(calls).toEqual([0, 1, 2, 3, 4])
})

describe.each([
  ['an hour back', -3_600_000],
  ['a day on', 86_400_000],
])('a wall clock that is set %s', (_leap, ms) => {
  const endless = () => new Promise<never>(() => {})
  const newRunner = (clock: FakeClock, changes: object) => {
    const pacer = { spent: () => false, breathe: async () => {} }
    return new Runner(
      { ...spec, each: endless, ...changes },
      { ...unheard, clock, pacer, pauses: true, mayBegin: () => true, onPause() {}, onRoom() {} },
    )
  }

  it('makes no handler look behind, and none that is behind look well', async () => {
    const clock = new FakeClock()
    const runner = newRunner(clock, { timeoutMs: 60_000 })
    for (let n = 0; n < 2; n++) runner.submit(new Waiting())
    clock.leap(ms)
    expect(runner.isBehind()).toBe(false)
    await clock.advance(1_001)
    expect(runner.isBehind()).toBe(true)
  })

  it('leaves each call its time', async () => {
    const clock = new FakeClock()
    const ended: string[] = []
    class Call extends Waiting {
      readonly #name: string
      constructor(name: string) {
        super()
        this.#name = name
      }
      override done(): void {
        ended.push(this.#name)
      }
    }
    const runner = newRunner(clock, { concurrency: 2, timeoutMs: 1_000 })
    runner.submit(new Call('first'))
    clock.leap(ms)
    await clock.advance(400)
    runner.submit(new Call('second'))
    await clock.advance(600)
    expect(ended).toEqual(['first'])
    await clock.advance(400)
    expect(ended).toEqual(['first', 'second'])
  })
})
