import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { rememberingLogger } from '../../support/log.ts'
import { send } from '../../support/neutral.ts'
import { all, pings, receiverIn } from '../../support/receivers.ts'

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

describe('a slow handler', () => {
  it('holds nobody: it leaves one row for the rest of each delivery, and catches up from there', async () => {
    const receiver = newReceiver()
    const waiting: (() => void)[] = []
    const [slow, fast]: [string[], string[]] = [[], []]
    receiver.on('toy.ping', { name: 'slow', concurrency: 1 }, (event) => {
      slow.push(event.id)
      return new Promise<void>((resolve) => waiting.push(resolve))
    })
    receiver.on('toy.ping', { name: 'fast' }, (event) => void fast.push(event.id))
    for (let n = 0; n < 5; n++) await send(receiver, { body: pings(1_000, () => ({ n })) })
    await vi.waitFor(() => expect(slow).toHaveLength(1))
    await clock.advance(1_100)
    await clock.advance(1_100)
    await vi.waitFor(() => expect(fast).toHaveLength(5_000))
    expect(slow).toHaveLength(1)
    for (let round = 0; slow.length < 5_000; round++) {
      waiting.shift()?.()
      await settled()
      if (round > 6_000) expect.fail('the slow handler does not catch up')
      if (waiting.length === 0) await clock.advance(10)
    }
    waiting.shift()?.()
    await vi.waitFor(async () => expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 }))
    expect(new Set(slow).size).toBe(5_000)
    expect(fast).toHaveLength(5_000)
  }, 60_000)
})

describe('a handler that only fails', () => {
  async function fail(receiver: ReturnType<typeof newReceiver>, deliveries = 6) {
    for (let n = 0; n < deliveries; n++) await send(receiver, { body: pings(5, () => ({ delivery: n })) })
    await receiver.whenIdle()
    // Its retries fall due until it has failed for ten seconds.
    await clock.advance(16_000)
  }

  it('is paused, spends no attempts of the others, is tried with one event, and resumes with the first success', async () => {
    const logger = rememberingLogger()
    const receiver = newReceiver({ logger })
    let [broken, calls] = [true, 0]
    const handled = new Set<string>()
    receiver.on('toy.ping', { name: 'shaky' }, (event) => {
      calls++
      if (broken) throw new Error('the database is away')
      handled.add(event.id)
    })
    await fail(receiver)
    const paused = (await receiver.health()).paused
    expect(paused).toMatchObject([{ handler: 'shaky', by: 'failures' }])
    expect(logger.text()).toContain('handler \\"shaky\\" only fails and is paused')
    const before = calls
    await clock.advance(60_000)
    const probes = calls - before
    expect(probes).toBeGreaterThan(2)
    expect(probes).toBeLessThan(8)
    await send(receiver, { body: pings(3, () => ({ late: true })) })
    broken = false
    await clock.advance(400_000)
    await vi.waitFor(async () =>
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0, paused: [] }),
    )
    expect(handled.size).toBe(33)
    expect(logger.text()).toContain('handler \\"shaky\\" works again')
  })

  it('is not paused for PermanentError, nor when every other event is handled', async () => {
    const receiver = newReceiver()
    let n = 0
    receiver.on('toy.ping', { name: 'moody' }, () => {
      if (n++ % 2 === 0) throw new Error('every other time')
    })
    await fail(receiver)
    expect((await receiver.health()).paused).toEqual([])
  })

  it('does not hold the other handlers', async () => {
    const receiver = newReceiver()
    let steady = 0
    receiver.on('toy.ping', { name: 'broken' }, () => {
      throw new Error('always')
    })
    receiver.on('toy.ping', { name: 'steady' }, () => void steady++)
    await fail(receiver)
    await send(receiver, { body: pings(10_000) })
    await receiver.whenIdle()
    expect(steady).toBe(10_030)
    expect((await receiver.health()).paused).toMatchObject([{ handler: 'broken' }])
  })
})

describe('a handler paused by hand', () => {
  it('gets nothing, also after a restart, until it is resumed', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    const seen: string[] = []
    first.on('toy.ping', { name: 'h' }, (event) => void seen.push(event.id))
    await first.inbox.pause('h')
    await send(first, { body: pings(3) })
    await first.whenIdle()
    await first.close()
    expect(seen).toEqual([])
    const second = newReceiver({ inbox })
    second.on('toy.ping', { name: 'h' }, (event) => void seen.push(event.id))
    await second.start()
    await second.whenIdle()
    expect(seen).toEqual([])
    expect(await second.inbox.stats()).toMatchObject({ pending: 1, paused: [{ handler: 'h', by: 'hand' }] })
    await second.inbox.resume('h')
    await second.whenIdle()
    expect(seen).toHaveLength(3)
    expect(await second.inbox.stats()).toMatchObject({ pending: 0, paused: [] })
  })
})

describe('dead letters and quarantine', () => {
  async function withDead(options: object = {}) {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } }, ...options })
    const state = { broken: true, seen: [] as string[] }
    receiver.on('toy.ping', { name: 'a' }, (event) => {
      if (state.broken) throw new Error('no')
      state.seen.push(`a ${event.delivery.index}`)
    })
    receiver.on('toy.ping', { name: 'b' }, (event) => {
      if (state.broken && event.delivery.index === 0) throw new Error('no')
      state.seen.push(`b ${event.delivery.index}`)
    })
    const answer = await send(receiver, { body: '[{"type":"ping"},{"type":"ping"},{"bad":1}]' })
    await receiver.whenIdle()
    state.seen.length = 0
    return { receiver, state, id: String(answer.json.id) }
  }

  it('are counted by a dry run and left alone', async () => {
    const { receiver } = await withDead()
    expect(await receiver.inbox.retry({ all: true }, { dryRun: true })).toEqual({ matched: 4, queued: 0 })
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 3, quarantined: 1, pending: 0 })
  })

  it('run again for their handler when they are retried', async () => {
    const { receiver, state } = await withDead()
    state.broken = false
    expect(await receiver.inbox.retry({ outcome: 'dead' })).toEqual({ matched: 3, queued: 3 })
    await receiver.whenIdle()
    expect(state.seen.sort()).toEqual(['a 0', 'a 1', 'b 0'])
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 0, quarantined: 1, pending: 0 })
  })

  it.each([
    [{ handler: 'b' }, 1],
    [{ name: 'toy.ping' }, 3],
    [{ name: 'toy.pong' }, 0],
    [{ source: 'outlet' }, 0],
    [{ outcome: 'quarantined' }, 1],
    [{ since: new Date(Date.UTC(2027, 0, 1)) }, 0],
  ] as const)('are chosen by %j', async (filter, matched) => {
    const { receiver } = await withDead()
    expect(await receiver.inbox.retry(filter, { dryRun: true })).toMatchObject({ matched })
  })

  it('are chosen by the id of an event, or of a delivery', async () => {
    const { receiver, id } = await withDead()
    expect(await receiver.inbox.drop({ ids: [`${id}.0`] })).toEqual({ matched: 2, queued: 2 })
    expect(await receiver.inbox.drop({ ids: [id] })).toEqual({ matched: 2, queued: 2 })
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 0, quarantined: 0, cancelled: 4 })
    await expect(receiver.inbox.drop({ ids: ['nonsense'] })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it('stop between two portions when the signal says so', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    receiver.on('toy.ping', () => {
      throw new Error('no')
    })
    await send(receiver, { body: pings(250) })
    await receiver.whenIdle()
    const controller = new AbortController()
    const dropping = receiver.inbox.drop({ all: true }, { ratePerSecond: 100, signal: controller.signal })
    await clock.advance(1_500)
    controller.abort()
    expect(await dropping).toEqual({ matched: 200, queued: 200 })
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 50, cancelled: 200 })
  })

  it('record the repeats of their delivery, or come back to work with them', async () => {
    const { receiver } = await withDead()
    await send(receiver, { body: '[{"type":"ping"},{"type":"ping"},{"bad":1}]' })
    expect((await all(receiver.inbox.deadLetters())).map((letter) => letter.redeliveries)).toEqual([1, 1, 1])
    const rearming = await withDead({ onRedelivery: 'rearm' })
    rearming.state.broken = false
    await send(rearming.receiver, { body: '[{"type":"ping"},{"type":"ping"},{"bad":1}]' })
    await rearming.receiver.whenIdle()
    expect(rearming.state.seen.sort()).toEqual(['a 0', 'a 1', 'b 0'])
  })
})

describe('a batch id that comes with other bytes', () => {
  it('is stored as new, handled, and reported', async () => {
    const logger = rememberingLogger()
    const receiver = newReceiver({ logger })
    const seen: string[] = []
    receiver.on('*', (event) => void seen.push(event.name))
    await send(receiver, { headers: ['x-toy-batch', 'b1'], body: '[{"type":"ping"}]' })
    await send(receiver, { headers: ['x-toy-batch', 'b1'], body: '[{"type":"pong"}]' })
    await receiver.whenIdle()
    expect(seen.sort()).toEqual(['toy.ping', 'toy.pong'])
    expect(receiver.metrics()).toMatchObject({ conflicts: 1 })
    expect(logger.text()).toContain('have one batch id and different bytes')
  })
})

describe('bounds', () => {
  it('answers 503 before the body while too much waits to be handled', async () => {
    const receiver = newReceiver({ limits: { backlogBytes: 20 } })
    expect((await send(receiver, { body: pings(5) })).status).toBe(200)
    const untouched = { [Symbol.asyncIterator]: () => expect.fail('the body was read') }
    expect(await send(receiver, { body: untouched })).toMatchObject({ status: 503, code: 'backlog_full' })
    expect(await receiver.health()).toMatchObject({ ready: false, reason: 'too much waits to be handled' })
  })

  it('answers 503 to more requests at once than it may have', async () => {
    const receiver = newReceiver({ limits: { requests: 1 } })
    const rest = Promise.withResolvers<void>()
    const slow = (async function* () {
      await rest.promise
      yield new TextEncoder().encode(pings(1))
    })()
    const first = send(receiver, { body: slow })
    await settled()
    expect(await send(receiver)).toMatchObject({ status: 503, code: 'overloaded' })
    rest.resolve()
    expect((await first).status).toBe(200)
  })
})
