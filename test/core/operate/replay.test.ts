import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createReceiverIn } from '../../../src/core/receiver.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sharded } from '../../../src/inboxes/sharded/index.ts'
import type { AnyEvent, ReplayFilter } from '../../../src/index.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { rememberingLogger } from '../../support/log.ts'
import { send } from '../../support/neutral.ts'
import { all, pings, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const START = new Date(Date.UTC(2026, 0, 1))

let clock: FakeClock
let open: { close(options?: object): Promise<unknown> }[]

beforeEach(() => {
  clock = new FakeClock()
  open = []
})

afterEach(async () => {
  const closing = open.map((receiver) => receiver.close({ timeoutMs: 1 }))
  await clock.advance(10)
  await Promise.all(closing)
})

function newReceiver(options: object = {}) {
  const receiver = receiverIn(clock, options)
  open.push(receiver)
  return receiver
}

type Receiver = ReturnType<typeof newReceiver>

/** What handlers saw, in order: name of the handler and index of the event. */
function watched(receiver: Receiver, ...names: readonly string[]) {
  const seen: { handler: string; event: AnyEvent }[] = []
  for (const name of names) receiver.on('*', { name }, (event) => void seen.push({ handler: name, event }))
  return {
    seen,
    /** What has come since the last look, sorted. */
    taken: () =>
      seen
        .splice(0)
        .map(({ handler, event }) => `${handler} ${event.delivery.index}`)
        .sort(),
  }
}

const mixed = '[{"type":"ping"},{"type":"pong"},{"type":"ping"},{"bad":1},{"type":"pong"}]'

async function post(receiver: Receiver, body: string, target = '/hooks/shop'): Promise<string> {
  const { json } = await send(receiver, { body, target })
  await receiver.whenIdle()
  return String(json.id)
}

/** Begins to replay everything, and stops after so many ms. */
async function stopped(receiver: Receiver, ratePerSecond: number, ms: number) {
  const controller = new AbortController()
  let place: string | null = null
  const onProgress = (progress: { readonly place: string | null }) => {
    place = progress.place
  }
  const replaying = receiver.inbox.replay({ all: true }, { ratePerSecond, signal: controller.signal, onProgress })
  await clock.advance(ms)
  controller.abort()
  return { ...(await replaying), place: place as string | null }
}

describe('a replay', () => {
  it('hands a delivery to its handlers again, with the same ids, marked with its run', async () => {
    const receiver = newReceiver()
    const { seen } = watched(receiver, 'a', 'b')
    const id = await post(receiver, pings(2))
    const before = seen.splice(0)
    expect(before.every(({ event }) => event.run === null && !event.isReplay)).toBe(true)
    const report = await receiver.inbox.replay({ ids: [id] })
    expect(report).toEqual({ matched: 2, queued: 2, unreadable: 0, run: expect.stringMatching(/^r_[a-z2-7]{16}$/) })
    await receiver.whenIdle()
    const told = ({ handler, event }: (typeof seen)[number]) => `${handler} ${event.id}`
    expect(seen.map(told).sort()).toEqual(before.map(told).sort())
    expect(seen.every(({ event }) => event.run === report.run && event.isReplay)).toBe(true)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, replays: {} })
    expect((await receiver.inbox.replay({ ids: [id] })).run).not.toBe(report.run)
  })

  it('takes single events by their ids, each once', async () => {
    const receiver = newReceiver()
    const { taken } = watched(receiver, 'a')
    const id = await post(receiver, pings(5))
    taken()
    const ids = [`${id}.1`, `${id}.3`, `${id}.1`, `${id}.5`]
    expect(await receiver.inbox.replay({ ids })).toMatchObject({ matched: 2, queued: 2 })
    await receiver.whenIdle()
    expect(taken()).toEqual(['a 1', 'a 3'])
  })

  it.each([
    [{ all: true }, 7],
    [{ source: 'outlet' }, 4],
    [{ since: new Date(+START + 1_000) }, 4],
    [{ until: new Date(+START + 1_000) }, 3],
    [{ handler: 'a' }, 7],
    [{ ids: ['d_aaaaaaaaaaaaaaaaaaaaaaaaaa'] }, 0],
  ] as const)('chooses deliveries by %j', async (filter, matched) => {
    const receiver = newReceiver()
    const { taken } = watched(receiver, 'a')
    await post(receiver, pings(3))
    await clock.advance(1_000)
    await post(receiver, pings(4), '/hooks/outlet')
    taken()
    const run = { dryRun: true }
    expect(await receiver.inbox.replay(filter, run)).toMatchObject({ matched, queued: 0 })
    await receiver.whenIdle()
    expect(taken()).toEqual([])
    expect(await receiver.inbox.replay(filter)).toMatchObject({ matched, queued: matched })
    await receiver.whenIdle()
    expect(taken()).toHaveLength(matched)
  })

  it('goes in the order of the log', async () => {
    const receiver = newReceiver()
    const { seen } = watched(receiver, 'a')
    const ids = []
    for (let n = 0; n < 4; n++)
      ids.push(
        await post(
          receiver,
          pings(1, () => ({ delivery: n })),
        ),
      )
    seen.length = 0
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(seen.map(({ event }) => event.delivery.id)).toEqual(ids)
  })

  it('passes over what has not been handled for the first time', async () => {
    const receiver = newReceiver()
    const handled = Promise.withResolvers<void>()
    receiver.on('*', { name: 'a' }, () => handled.promise)
    await send(receiver, { body: pings(1) })
    await settled()
    expect(await receiver.inbox.replay({ all: true })).toMatchObject({ matched: 0, queued: 0 })
    handled.resolve()
  })

  it('reaches batch handlers', async () => {
    const receiver = newReceiver()
    const batches: string[][] = []
    receiver.onBatch('*', { name: 'b', maxWaitMs: 0 }, (events) => void batches.push(events.map(({ run }) => `${run}`)))
    await send(receiver, { body: pings(3) })
    await clock.advance(1)
    await vi.waitFor(() => expect(batches).toHaveLength(1))
    await receiver.whenIdle()
    const { run } = await receiver.inbox.replay({ all: true })
    await clock.advance(1)
    await vi.waitFor(() => expect(batches.flat().slice(3)).toEqual([run, run, run]))
  })

  it('keeps its run through retries and on the dead letter, by which it is found, and retried', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 2 } } })
    const seen: [string | null, number][] = []
    let broken = false
    receiver.on('*', { name: 'a' }, (event, { attempt }) => {
      seen.push([event.run, attempt])
      if (broken) throw new Error('no')
    })
    await post(receiver, pings(1))
    broken = true
    const { run } = await receiver.inbox.replay({ all: true })
    await clock.advance(5_000)
    expect(seen.slice(1)).toEqual([
      [run, 1],
      [run, 2],
    ])
    const letters = await all(receiver.inbox.deadLetters({ run }))
    expect(letters).toMatchObject([{ event: { run, isReplay: true }, attempts: 2 }])
    broken = false
    expect(await receiver.inbox.retry({ run: 'r_other' })).toMatchObject({ matched: 0 })
    expect(await receiver.inbox.retry({ run })).toEqual({ matched: 1, queued: 1 })
    await receiver.whenIdle()
    expect(seen.at(-1)).toEqual([run, 1])
  })
})

describe('whom a replay is for', () => {
  /** Two deliveries of a life with handler `a`, one of a life with `a` and `b`. */
  async function lives() {
    const inbox = memory()
    const first = newReceiver({ inbox })
    watched(first, 'a')
    for (const n of [0, 1])
      await post(
        first,
        pings(1, () => ({ delivery: n })),
      )
    await first.close()
    const logger = rememberingLogger()
    const receiver = newReceiver({ inbox, logger })
    const { taken, seen } = watched(receiver, 'a', 'b')
    await post(
      receiver,
      pings(1, () => ({ delivery: 2 })),
    )
    const count = async (filter: ReplayFilter, run?: object) => {
      seen.length = 0
      await receiver.inbox.replay(filter, run)
      await receiver.whenIdle()
      return taken()
    }
    return { receiver, count, logger }
  }

  it('is, without a word, whom each delivery belongs to', async () => {
    const { count } = await lives()
    expect(await count({ all: true })).toEqual(['a 0', 'a 0', 'a 0', 'b 0'])
  })

  it('is those in `to`, also of deliveries from before they came, and with `missed` only of these', async () => {
    const { count, logger } = await lives()
    const lines = logger.lines.map(({ message }) => message).join(' ')
    expect(lines).toContain('receiver.inbox.replay({ to: ["b"], missed: true })')
    expect(await count({ all: true, to: ['b'] })).toEqual(['b 0', 'b 0', 'b 0'])
    expect(await count({ to: ['b'], missed: true })).toEqual(['b 0', 'b 0'])
    expect(await count({ to: ['a', 'b', 'b'], missed: true })).toEqual(['b 0', 'b 0'])
  })

  it('is the handler of the filter, and what belongs to it goes to those in `to`', async () => {
    const { count } = await lives()
    expect(await count({ handler: 'b' })).toEqual(['b 0'])
    expect(await count({ handler: 'b', to: ['a'] })).toEqual(['a 0'])
  })

  it('is nobody who has not been registered for a day, unless they are named', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    watched(first, 'a', 'gone')
    await post(first, pings(1))
    await first.close()
    await clock.advance(25 * 3_600_000)
    const receiver = newReceiver({ inbox })
    const { taken } = watched(receiver, 'a')
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(taken()).toEqual(['a 0'])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
    const { run } = await receiver.inbox.replay({ all: true, to: ['gone'] })
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 1, replays: { [run]: 1 }, orphaned: { gone: 1 } })
  })
})

describe('a replay by name', () => {
  it('hands out events of that name alone, in one row for each handler, and keeps to it when it is tried again', async () => {
    const receiver = newReceiver()
    const { taken } = watched(receiver, 'a')
    let broken = true
    const flaky: string[] = []
    receiver.on('*', { name: 'flaky' }, (event) => {
      if (event.isReplay && broken) throw new Error('no')
      flaky.push(`${event.delivery.index} ${event.name}`)
    })
    await post(receiver, mixed)
    taken()
    flaky.length = 0
    const filter = { name: 'toy.pong', since: START } as const
    expect(await receiver.inbox.replay(filter)).toMatchObject({ matched: 2, queued: 2 })
    await receiver.whenIdle()
    expect(taken()).toEqual(['a 1', 'a 4'])
    broken = false
    await clock.advance(5_000)
    expect(flaky.sort()).toEqual(['1 toy.pong', '4 toy.pong'])
  })

  it('counts what it would hand out, and reports its progress', async () => {
    const receiver = newReceiver()
    watched(receiver, 'a')
    for (const n of [0, 1, 2]) {
      await post(receiver, n === 1 ? pings(2) : `[{"type":"pong","n":${n}}]`)
      await clock.advance(1_000)
    }
    const told: object[] = []
    const run = { dryRun: true, onProgress: (progress: object) => void told.push(progress) }
    const report = await receiver.inbox.replay({ name: 'toy.pong', since: START }, run)
    expect(report).toMatchObject({ matched: 2, queued: 0 })
    expect(told).toEqual(
      [1, 1, 2].map((matched, n) => ({
        place: null,
        run: report.run,
        deliveries: n + 1,
        matched,
        queued: 0,
        reachedAt: new Date(+START + n * 1_000),
      })),
    )
  })
})

describe('a replay of unhandled events', () => {
  it('reaches what no handler of the delivery asked for, and nothing else', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    first.on('toy.ping', { name: 'pings' }, () => {})
    await post(first, '[{"type":"ping"},{"type":"pong"},{"type":"pong","test":true},{"type":"other"},{"bad":1}]')
    await first.close()
    const receiver = newReceiver({ inbox })
    const seen: string[] = []
    receiver.on('toy.ping', { name: 'pings' }, (event) => void seen.push(`pings ${event.delivery.index}`))
    receiver.on('*', { name: 'late' }, (event) => void seen.push(`late ${event.delivery.index}`))
    receiver.on('toy.pong', { name: 'pongs' }, (event) => void seen.push(`pongs ${event.delivery.index}`))
    const filter = { outcome: 'unhandled', since: START } as const
    expect(await receiver.inbox.replay({ ...filter, to: ['late'] })).toMatchObject({ matched: 2, queued: 2 })
    await receiver.whenIdle()
    expect(seen.splice(0)).toEqual(['late 1', 'late 3'])
    await receiver.inbox.replay(filter)
    await receiver.whenIdle()
    expect(seen.splice(0).sort()).toEqual(['late 1', 'late 3', 'pongs 1'])
    expect(await receiver.inbox.replay({ ...filter, name: 'toy.pong', to: ['late'] })).toMatchObject({ matched: 1 })
    await receiver.whenIdle()
    expect(seen).toEqual(['late 1'])
  })
})

describe('what has failed', () => {
  async function withDead() {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    const state = { broken: true }
    const { taken, seen } = watched(receiver, 'spare')
    for (const name of ['a', 'b'])
      receiver.on('*', { name }, (event) => {
        if (state.broken && event.delivery.index === 1) throw new Error('no')
        seen.push({ handler: name, event })
      })
    const id = await post(receiver, mixed)
    taken()
    return { receiver, state, taken, id }
  }

  it('is handed out by a replay too, and the dead letter stays', async () => {
    const { receiver, state, taken } = await withDead()
    state.broken = false
    await receiver.inbox.replay({ handler: 'a' })
    await receiver.whenIdle()
    expect(taken()).toEqual(['a 0', 'a 1', 'a 2', 'a 4'])
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 2 })
  })

  it('goes by its dead letters to whom they belong, or once to another', async () => {
    const { receiver, state, taken } = await withDead()
    state.broken = false
    expect(await receiver.inbox.replay({ outcome: 'dead', handler: 'a' })).toMatchObject({ matched: 1, queued: 1 })
    await receiver.whenIdle()
    expect(taken()).toEqual(['a 1'])
    const filter = { outcome: 'dead', name: 'toy.pong', to: ['spare'] } as const
    expect(await receiver.inbox.replay(filter)).toMatchObject({ matched: 1, queued: 1 })
    await receiver.whenIdle()
    expect(taken()).toEqual(['spare 1'])
    expect(await receiver.inbox.replay({ ...filter, name: 'toy.ping' })).toMatchObject({ matched: 0 })
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 2 })
  })

  it('is in quarantine once, whoever gets the delivery again', async () => {
    const { receiver, id, taken } = await withDead()
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 1 })
    await receiver.inbox.replay({ ids: [`${id}.3`] })
    await receiver.whenIdle()
    expect(taken()).toEqual([])
    await receiver.inbox.retry({ outcome: 'quarantined' })
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 1 })
    expect(receiver.metrics()).toMatchObject({ quarantined: 2 })
  })
})

describe('the rate of a replay', () => {
  it('is kept inside a delivery, and over deliveries', async () => {
    const receiver = newReceiver()
    const { seen } = watched(receiver, 'a', 'b')
    await post(receiver, pings(250))
    await post(receiver, pings(30))
    seen.length = 0
    const replaying = receiver.inbox.replay({ all: true }, { ratePerSecond: 100 })
    for (const second of [1, 2, 3]) {
      await clock.advance(second === 1 ? 0 : 1_000)
      await vi.waitFor(() => expect(seen).toHaveLength(Math.min(280, second * 100) * 2))
    }
    await clock.advance(1_000)
    expect(await replaying).toMatchObject({ matched: 280, queued: 280 })
  })

  it('ends with the signal; what was queued stays queued', async () => {
    const receiver = newReceiver()
    const { seen } = watched(receiver, 'a')
    for (const n of [0, 1, 2])
      await post(
        receiver,
        pings(100, () => ({ delivery: n })),
      )
    seen.length = 0
    const controller = new AbortController()
    const { signal } = controller
    const replaying = receiver.inbox.replay({ all: true }, { ratePerSecond: 50, signal })
    await clock.advance(500)
    controller.abort()
    expect(await replaying).toMatchObject({ queued: 50 })
    await receiver.whenIdle()
    expect(seen).toHaveLength(50)
    expect(await receiver.inbox.replay({ all: true }, { signal })).toMatchObject({ matched: 0, queued: 0 })
  })

  it('with a bound hands out a delivery whole, and an event of it that was asked for beside it once more', async () => {
    const receiver = newReceiver()
    const { taken } = watched(receiver, 'a')
    const id = await post(receiver, pings(3))
    taken()
    const ids = [id, `${id}.0`]
    expect(await receiver.inbox.replay({ ids }, { atMost: 4 })).toMatchObject({ matched: 4, queued: 4 })
    await receiver.whenIdle()
    expect(taken()).toEqual(['a 0', 'a 0', 'a 1', 'a 2'])
  })

  it('goes on behind the place of one that was stopped, though the clock was set back: nothing is left out', async () => {
    const receiver = newReceiver()
    const { seen } = watched(receiver, 'a')
    for (const n of [0, 1, 2, 3, 4]) {
      await post(
        receiver,
        pings(30, () => ({ delivery: n })),
      )
      clock.leap(n === 2 ? -3_600_000 : 1_000)
    }
    seen.length = 0
    const { queued, place } = await stopped(receiver, 50, 500)
    expect(queued).toBe(50)
    await receiver.whenIdle()
    const first = seen[0]?.event.delivery.id
    // Of the second only a part is queued, so it comes again as a whole.
    expect(place).toBe(first)
    await receiver.inbox.replay({ all: true }, { after: String(first) })
    await receiver.whenIdle()
    expect(new Set(seen.map(({ event }) => event.id)).size).toBe(150)
    expect(seen).toHaveLength(50 + 120)
    const placed: (string | null)[] = []
    await receiver.inbox.replay({ ids: [String(first)] }, { onProgress: ({ place }) => void placed.push(place) })
    expect(placed).toEqual([null])
    for (const filter of [{ ids: [String(first)] }, { outcome: 'dead', since: START }] as ReplayFilter[])
      await expect(receiver.inbox.replay(filter, { after: String(first) })).rejects.toMatchObject({
        code: 'ERR_OPTION',
      })
  })

  it.each([0, 1, 3, 8])(
    'goes on over shards behind the place of one that was stopped after %i deliveries',
    async (stop) => {
      const receiver = newReceiver({ inbox: sharded({ inboxes: [memory(), memory(), memory()] }) })
      const { seen } = watched(receiver, 'a')
      for (let n = 0; n < 10; n++) {
        await post(
          receiver,
          pings(10, () => ({ delivery: n })),
        )
        // Each shard has a log of its own, and its clock may be set.
        clock.leap(n % 3 === 1 ? -60_000 : 1_000)
      }
      seen.length = 0
      const { queued, place: after } = await stopped(receiver, 10, stop * 1_000)
      expect(queued).toBeGreaterThanOrEqual(stop * 10)
      expect(queued).toBeLessThan(100)
      const { queued: rest } = await receiver.inbox.replay({ all: true }, after === null ? {} : { after })
      await receiver.whenIdle()
      expect(new Set(seen.map(({ event }) => event.id)).size).toBe(100)
      // One that was queued in part comes again as a whole, and no other.
      expect(queued + rest).toBeLessThanOrEqual(110)
      expect(seen).toHaveLength(queued + rest)
    },
  )

  it('must be more than nothing', async () => {
    const receiver = newReceiver()
    watched(receiver, 'a')
    for (const ratePerSecond of [0, -1, Number.NaN])
      await expect(receiver.inbox.replay({ all: true }, { ratePerSecond })).rejects.toMatchObject({
        code: 'ERR_OPTION',
      })
  })
})

describe('a replay that is dropped', () => {
  it('loses what waits of it and what died of it, and nothing else', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    receiver.on('*', { name: 'a' }, (event) => {
      if (event.isReplay) throw new Error('no')
    })
    watched(receiver, 'b')
    await post(receiver, pings(3))
    await receiver.inbox.pause('b')
    const [first, second] = [await receiver.inbox.replay({ all: true }), await receiver.inbox.replay({ all: true })]
    await receiver.whenIdle()
    const stats = () => receiver.inbox.stats()
    expect(await stats()).toMatchObject({ deadLetters: 6, replays: { [first.run]: 3, [second.run]: 3 } })
    const { run } = first
    expect(await receiver.inbox.drop({ run }, { dryRun: true })).toEqual({ matched: 6, queued: 0 })
    expect(await receiver.inbox.drop({ run })).toEqual({ matched: 6, queued: 6 })
    const left = await stats()
    expect(left).toMatchObject({ pending: 1, deadLetters: 3, cancelled: 3 })
    expect(left.replays).toEqual({ [second.run]: 3 })
    await expect(receiver.inbox.drop({ run, source: 'shop' } as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it('ends while it is still being queued', async () => {
    const receiver = newReceiver()
    const { seen } = watched(receiver, 'a')
    await post(receiver, pings(100))
    seen.length = 0
    const runs: string[] = []
    const slow = { ratePerSecond: 10, onProgress: ({ run }: { run: string }) => void runs.push(run) }
    await post(receiver, pings(1))
    seen.length = 0
    const replaying = receiver.inbox.replay({ all: true }, slow)
    void replaying.catch(() => {})
    await clock.advance(0)
    await vi.waitFor(() => expect(seen).toHaveLength(10))
    await receiver.inbox.drop({ run: String(seen[0]?.event.run) })
    await clock.advance(1_000)
    await expect(replaying).rejects.toMatchObject({ code: 'ERR_REPLAY_CANCELLED' })
    expect(seen).toHaveLength(10)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, replays: {} })
  })
})

describe('a busy event loop', () => {
  it('does not leave work of a handler behind that had no room for a moment', async () => {
    let looks = 0
    const createPacer = () => ({
      spent: () => looks++ % 3 === 0,
      breathe: () => new Promise<void>((resolve) => void setImmediate(resolve)),
    })
    const sources = { shop: toy() }
    const world = { clock, random: () => 0.5, createPacer }
    const receiver = createReceiverIn(world, { inbox: memory(), sources, logger: false, memoryBytes: 1 << 20 })
    open.push(receiver)
    let calls = 0
    receiver.on('*', { name: 'a' }, () => void calls++)
    for (let n = 0; n < 40; n++)
      await post(
        receiver,
        pings(800, () => ({ delivery: n })),
      )
    expect(calls).toBe(32_000)
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(calls).toBe(64_000)
  })
})

describe('a slow handler', () => {
  it('does not hold the replay of another', async () => {
    const receiver = newReceiver()
    const { seen } = watched(receiver, 'z')
    const waiting: (() => void)[] = []
    let slow = 0
    receiver.on('*', { name: 'a', concurrency: 1, timeoutMs: 1_000_000 }, (event) => {
      if (!event.isReplay) return undefined
      slow++
      return new Promise<void>((resolve) => waiting.push(resolve))
    })
    for (const n of [0, 1, 2])
      await post(
        receiver,
        pings(1_000, () => ({ delivery: n })),
      )
    seen.length = 0
    await receiver.inbox.replay({ all: true })
    for (let second = 0; second < 20 && seen.length < 3_000; second++) {
      await clock.advance(1_100)
      waiting.shift()?.()
      await settled()
    }
    expect(seen).toHaveLength(3_000)
    expect(slow).toBeLessThan(40)
    expect((await receiver.inbox.stats()).pending).toBe(3)
  })

  it('is not set aside for one that is as slow', async () => {
    const receiver = newReceiver()
    const waiting = { a: [] as (() => void)[], b: [] as (() => void)[] }
    for (const name of ['a', 'b'] as const)
      receiver.on('*', { name, concurrency: 2, timeoutMs: 1_000_000 }, ({ isReplay }) =>
        isReplay ? new Promise<void>((resolve) => waiting[name].push(resolve)) : undefined,
      )
    const [first, second] = [await post(receiver, pings(3)), await post(receiver, pings(4))]
    // Two are with their handler and one waits: there is room for more, and yet both are behind.
    await receiver.inbox.replay({ ids: [first] })
    await clock.advance(2_000)
    await receiver.inbox.replay({ ids: [second] })
    await clock.advance(2_000)
    let handled = 0
    for (; waiting.a.length > 0; handled++) {
      waiting.a.shift()?.()
      await settled()
    }
    expect(handled).toBe(7)
    expect(waiting.b).toHaveLength(2)
  })
})

describe('a filter that cannot be meant', () => {
  it.each([
    [{ name: 'toy.ping' }, 'give since'],
    [{ outcome: 'unhandled' }, 'give since'],
    [{ outcome: 'quarantined' }, 'retry()'],
    [{ outcome: 'done' }, 'one of unhandled, dead'],
    [{ name: 'toy.pong', since: START, to: ['aa'] }, 'did you mean "a"?'],
    [{ name: 'toy.pongs', since: START }, 'did you mean "toy.pong"?'],
    [{ handler: 'nobody' }, 'nobody'],
    [{ all: true, to: [] }, 'list of names that is not empty'],
    [{ missed: true }, 'goes with to'],
    [{ missed: true, to: ['a'], outcome: 'dead' }, 'not with outcome "dead"'],
    [{ form: START }, 'no option "form"'],
    [{ ids: ['nonsense'] }, 'nonsense'],
  ])('is refused: %j', async (filter, words) => {
    const receiver = newReceiver()
    watched(receiver, 'a')
    await post(receiver, pings(1))
    await expect(receiver.inbox.replay(filter as ReplayFilter)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining(words),
    })
  })
})
