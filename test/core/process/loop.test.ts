import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createReceiverIn } from '../../../src/core/receiver.ts'
import { PermanentError, RetryLater } from '../../../src/errors.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { letGo } from '../../../src/lib/let-go.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { AnyEvent, DeadLetter } from '../../../src/types.ts'
import { around } from '../../faults/harness/around.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { rememberingLogger } from '../../support/log.ts'
import { send } from '../../support/neutral.ts'
import { toy } from '../../support/toy.ts'

let clock: FakeClock
let logger: ReturnType<typeof rememberingLogger>
let open: { close(options?: object): Promise<unknown> }[]

beforeEach(() => {
  clock = new FakeClock()
  logger = rememberingLogger()
  open = []
})

afterEach(async () => {
  for (const receiver of open) await receiver.close({ timeoutMs: 0 })
})

function newReceiver(options: object = {}) {
  const sources = { shop: toy(), outlet: toy() }
  const createPacer = () => ({ spent: () => false, breathe: () => Promise.resolve() })
  const world = { clock, random: () => 0.5, createPacer }
  const receiver = createReceiverIn(world, { inbox: memory(), sources, logger, ...options })
  open.push(receiver)
  return receiver
}

const pings = (count: number, more: (n: number) => object = () => ({})) =>
  JSON.stringify(Array.from({ length: count }, (_, n) => ({ type: 'ping', n, ...more(n) })))

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const row of rows) found.push(row)
  return found
}

describe('a delivery', () => {
  it('reaches the handlers that ask for its events, in order, once each', async () => {
    const receiver = newReceiver()
    const seen: Record<string, number[]> = { name: [], type: [], all: [], provider: [], list: [], effect: [], pong: [] }
    const note = (key: string) => (event: AnyEvent) => void seen[key]?.push(event.delivery.index)
    receiver.on('toy.ping', { name: 'name' }, note('name'))
    receiver.on('opened', { name: 'type' }, note('type'))
    receiver.on('*', note('all'))
    receiver.on('toy.*', note('provider'))
    receiver.on(['toy.ping', 'opened', '*'], note('list'))
    receiver.on('effect.suppress', note('effect'))
    receiver.on('toy.pong', note('pong'))
    const answer = await send(receiver, {
      body: '[{"type":"ping"},{"type":"pong","to":"a@b.example"},{"type":"new"},{"type":"pong"}]',
    })
    await receiver.whenIdle()
    expect(answer.json.status).toBe('accepted')
    expect(seen).toEqual({
      name: [0],
      type: [0],
      all: [0, 1, 2, 3],
      provider: [0, 1, 2, 3],
      list: [0, 1, 2, 3],
      effect: [1],
      pong: [1, 3],
    })
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, unhandled: {} })
  })

  it('gives its room back whole, though its body is gone once it is settled', async () => {
    const bodies = new Map<number, Uint8Array>()
    const inbox = around(memory(), (inner) => ({
      async claim(request) {
        const found = await inner.claim(request)
        const claims = found.claims.map(({ delivery, ...claim }) => {
          const body = Uint8Array.from(delivery.body)
          bodies.set(delivery.seq, body)
          return { ...claim, delivery: { ...delivery, body } }
        })
        return { ...found, claims }
      },
      async settle(settlement) {
        const result = await inner.settle(settlement)
        letGo(bodies.get(settlement.seq) as Uint8Array)
        return result
      },
    }))
    // An eighth of it for what is claimed: 128 kB, three times less than what comes.
    const receiver = newReceiver({ inbox, memoryBytes: 1 << 20 })
    let seen = 0
    receiver.on('*', () => void seen++)
    for (let n = 0; n < 4; n++) {
      await send(receiver, { body: pings(1, () => ({ n, text: 'x'.repeat(100_000) })) })
      await receiver.whenIdle()
    }
    expect(seen).toBe(4)
    expect([...bodies.values()].every(({ length }) => length === 0)).toBe(true)
  })

  it('gives each event its identity and what is known of its delivery', async () => {
    const receiver = newReceiver()
    const events: AnyEvent[] = []
    receiver.on('*', (event) => void events.push(event))
    const answer = await send(receiver, {
      headers: ['x-toy-batch', 'b7'],
      body: '[{"type":"ping"},{"type":"ping","n":1}]',
    })
    await receiver.whenIdle()
    expect(events[1]).toMatchObject({
      id: `${answer.json.id}.1`,
      run: null,
      provider: 'toy',
      name: 'toy.ping',
      source: 'shop',
      delivery: { id: answer.json.id, index: 1, size: 2, batchId: 'b7', credential: null },
      occurredAt: new Date(clock.now()),
      occurredAtFrom: 'received',
      lateMs: 0,
      payload: { type: 'ping', n: 1 },
    })
  })

  it('of a bare object is one event with index 0', async () => {
    const receiver = newReceiver()
    const ids: string[] = []
    receiver.on('toy.ping', (event) => void ids.push(event.id))
    const answer = await send(receiver, { body: '{"type":"ping"}' })
    await receiver.whenIdle()
    expect(ids).toEqual([`${answer.json.id}.0`])
  })

  it('goes only to handlers of its source where they name one', async () => {
    const receiver = newReceiver()
    const sources: string[] = []
    receiver.on('toy.ping', { source: 'outlet' }, (event) => void sources.push(event.source))
    await send(receiver)
    await send(receiver, { target: '/outlet' })
    await receiver.whenIdle()
    expect(sources).toEqual(['outlet'])
  })

  it('counts what nobody asked for', async () => {
    const unhandled: object[] = []
    const receiver = newReceiver({ hooks: { unhandled: (u: object) => unhandled.push(u) } })
    receiver.on('toy.pong', () => {})
    await send(receiver, { body: pings(3) })
    await receiver.whenIdle()
    expect(unhandled).toEqual([{ name: 'toy.ping', source: 'shop', count: 3 }])
    expect((await receiver.inbox.stats()).unhandled).toEqual({ 'toy.ping': 3 })
  })

  it('leaves test events out where a handler does not want them', async () => {
    const receiver = newReceiver()
    const seen: string[] = []
    receiver.on('toy.ping', { tests: false, name: 'real' }, () => void seen.push('real'))
    receiver.on('toy.ping', { name: 'any' }, (event) => void seen.push(`any ${event.isTest} ${event.effect}`))
    await send(receiver, { body: '[{"type":"ping","test":true}]' })
    await receiver.whenIdle()
    expect(seen).toEqual(['any true none'])
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'a test event of the sender arrived on "shop"' }),
    )
  })

  it('waits in the inbox while there are no handlers, with one warning', async () => {
    const receiver = newReceiver()
    await send(receiver)
    await settled()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 1 })
    expect(logger.lines.filter((line) => line.message.includes('there are no handlers'))).toHaveLength(1)
  })
})

describe('deliveries that are claimed together', () => {
  /** A slice is used up after `most` calls of `work`; one is given each turn, to who has waited longest. */
  function countingPacer(most: number) {
    const waiting: (() => void)[] = []
    const calls: number[] = [0]
    const turn = () => {
      if (calls.at(-1) !== 0) calls.push(0)
      waiting.shift()?.()
      if (waiting.length > 0) setImmediate(turn)
    }
    const breathe = () =>
      new Promise<void>((resolve) => {
        if (waiting.push(resolve) === 1) setImmediate(turn)
      })
    const work = () => calls.push((calls.pop() ?? 0) + 1)
    return { work, slices: () => calls.filter((count) => count > 0), spent: () => (calls.at(-1) ?? 0) >= most, breathe }
  }

  it('begin one after the other, in order, and give way when a slice is used up', async () => {
    const [inbox, pacer] = [memory(), countingPacer(3)]
    const before = newReceiver({ inbox })
    const answers = []
    for (let n = 0; n < 12; n++) answers.push(await send(before, { body: pings(1, () => ({ delivery: n })) }))
    await before.close({ timeoutMs: 0 })
    const world = { clock, random: () => 0.5, createPacer: () => pacer }
    const receiver = createReceiverIn(world, { inbox, sources: { shop: toy() }, logger })
    open.push(receiver)
    const seen: string[] = []
    receiver.on('toy.ping', (event) => {
      pacer.work()
      seen.push(event.id)
    })
    await receiver.start()
    await receiver.whenIdle()
    expect(seen).toEqual(answers.map(({ json }) => `${json.id}.0`))
    expect(pacer.slices()).toEqual([3, 3, 3, 3])
  })
})

describe('quarantine', () => {
  it('takes the broken elements alone; the others keep their indices', async () => {
    const quarantined: object[] = []
    const receiver = newReceiver({ hooks: { quarantined: (q: object) => quarantined.push(q) } })
    const seen: number[] = []
    receiver.on('*', (event) => void seen.push(event.delivery.index))
    const deep = '['.repeat(40) + ']'.repeat(40)
    const ping = '{"type":"ping"}'
    const elements = [ping, '{"type":"ping",}', '7', deep, '{"bad":1}', ping, "{'type':'ping'}", '{"crash":1}', ping]
    const answer = await send(receiver, { body: `[${elements.join(',')}]` })
    await receiver.whenIdle()
    expect(seen).toEqual([0, 5, 8])
    const found = (await all(receiver.inbox.quarantine())).sort((a, b) => Number(a.index) - Number(b.index))
    expect(found.map(({ index }) => index)).toEqual([1, 2, 3, 4, 6, 7])
    expect(found[3]).toEqual({
      source: 'shop',
      deliveryId: answer.json.id,
      index: 4,
      reason: 'expected nothing',
      path: '/bad',
      since: expect.any(Date),
    })
    expect(quarantined).toHaveLength(6)
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 6, pending: 0 })
  })

  it.each(['not json', '[{"type":"ping"},]', '{"a":1}{"a":2}', '[{"type":"ping"}', '[{"a":"\u0001'])(
    'takes %j whole, with its bytes kept',
    async (body) => {
      const receiver = newReceiver()
      receiver.on('*', () => expect.fail('an event was handed on'))
      const answer = await send(receiver, { body })
      expect(answer.status).toBe(200)
      await receiver.whenIdle()
      expect(await all(receiver.inbox.quarantine())).toMatchObject([{ deliveryId: answer.json.id, index: null }])
      const stored = await receiver.inbox.delivery(String(answer.json.id))
      expect(new TextDecoder().decode(await stored?.body())).toBe(body)
    },
  )
})

describe('a handler that fails', () => {
  it('is tried again with backoff, alone, and the others are not', async () => {
    const failures: object[] = []
    const receiver = newReceiver({ hooks: { failed: (f: object) => failures.push(f) } })
    const calls: string[] = []
    receiver.on('toy.ping', { name: 'flaky' }, (event, { attempt }) => {
      calls.push(`${event.delivery.index}#${attempt}`)
      if (event.delivery.index === 1 && attempt < 3) throw new Error('not yet')
    })
    receiver.on('toy.ping', { name: 'steady' }, () => void calls.push('steady'))
    await send(receiver, { body: pings(3) })
    await receiver.whenIdle()
    expect(calls.sort()).toEqual(['0#1', '1#1', '2#1', 'steady', 'steady', 'steady'])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 1, deadLetters: 0 })
    await clock.advance(999)
    expect(calls).toHaveLength(6)
    await clock.advance(1)
    expect(calls.slice(6)).toEqual(['1#2'])
    await clock.advance(2_000)
    expect(calls.slice(7)).toEqual(['1#3'])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0 })
    expect(failures).toMatchObject([
      { handler: 'flaky', attempt: 1 },
      { handler: 'flaky', attempt: 2 },
    ])
  })

  it('leaves a dead letter with its history after its attempts', async () => {
    const dead: DeadLetter[] = []
    const receiver = newReceiver({ hooks: { deadLettered: (d: DeadLetter) => dead.push(d) } })
    let count = 0
    receiver.on('toy.ping', { name: 'poor', retry: { attempts: 3 } }, () => {
      throw Object.assign(new Error(`failure ${++count}`), { code: 'E_POOR' })
    })
    const answer = await send(receiver, { body: '[{"type":"pong"},{"type":"ping","n":12345678901234567890}]' })
    await clock.advance(60_000)
    const [letter] = await all(receiver.inbox.deadLetters())
    expect(letter).toMatchObject({
      handler: 'poor',
      attempts: 3,
      event: { id: `${answer.json.id}.1`, name: 'toy.ping', payload: { type: 'ping', n: '12345678901234567890' } },
      errors: [1, 2, 3].map((attempt) => ({ attempt, name: 'Error', message: `failure ${attempt}`, code: 'E_POOR' })),
    })
    expect(dead).toEqual([letter])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 1 })
  })

  it('ends at once with PermanentError, and spends no attempt with RetryLater', async () => {
    const receiver = newReceiver()
    const attempts: number[] = []
    receiver.on('toy.ping', { name: 'permanent' }, () => {
      throw new PermanentError('never')
    })
    receiver.on('toy.ping', { name: 'later', retry: { attempts: 1 } }, async (_event, { attempt }) => {
      attempts.push(attempt)
      if (attempts.length < 4) throw new RetryLater({ afterMs: 10_000 })
    })
    await send(receiver)
    await receiver.whenIdle()
    expect(await all(receiver.inbox.deadLetters())).toMatchObject([{ handler: 'permanent', attempts: 1 }])
    await clock.advance(9_999)
    expect(attempts).toEqual([1])
    await clock.advance(20_001)
    expect(attempts).toEqual([1, 1, 1, 1])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 1 })
  })

  it.each([
    ['throws nothing', () => Promise.reject(undefined)],
    ['throws a text', () => Promise.reject('text')],
    ['throws what cannot be shown', () => Promise.reject(Object.create(null))],
    ['throws a RetryLater without its time', () => Promise.reject(Object.create(RetryLater.prototype))],
    [
      'returns what cannot be looked at',
      () =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw new Error('no')
          },
        }),
    ],
    [
      'returns what only looks like a promise',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is the case
        then: () => {
          throw new Error('no')
        },
      }),
    ],
  ])('is recorded when it %s', async (_name, fail) => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    receiver.on('toy.ping', fail)
    await send(receiver)
    await receiver.whenIdle()
    expect(await all(receiver.inbox.deadLetters())).toHaveLength(1)
  })

  it('has failed when it takes longer than its time, and its late result is dropped', async () => {
    const receiver = newReceiver()
    const signals: AbortSignal[] = []
    const ends: (() => void)[] = []
    receiver.on('toy.ping', { timeoutMs: 5_000 }, (_event, { signal }) => {
      signals.push(signal)
      return new Promise<void>((resolve) => ends.push(resolve))
    })
    await send(receiver)
    await clock.advance(5_000)
    expect(signals[0]?.aborted).toBe(true)
    expect(signals[0]?.reason).toMatchObject({ code: 'ERR_HANDLER_TIMEOUT' })
    ends[0]?.()
    await clock.advance(1_000)
    expect(signals).toHaveLength(2)
    ends[1]?.()
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0 })
  })

  it('never has more calls under way than its concurrency', async () => {
    const receiver = newReceiver()
    let [now, most, total] = [0, 0, 0]
    receiver.on('toy.ping', { concurrency: 3 }, async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now--
      total++
    })
    await send(receiver, { body: pings(50) })
    await send(receiver, { body: pings(51) })
    await receiver.whenIdle()
    expect([most, total]).toEqual([3, 101])
  })
})

describe('the inbox', () => {
  it('is asked for work once more when a delivery is done, not whenever a fast handler has nothing to do', async () => {
    const inbox = memory()
    const claim = vi.spyOn(inbox[port].claims, 'claim')
    const receiver = newReceiver({ inbox })
    let handled = 0
    receiver.on('toy.ping', async () => void handled++)
    await receiver.start()
    await receiver.whenIdle()
    const before = claim.mock.calls.length
    await send(receiver, { body: pings(500) })
    await receiver.whenIdle()
    expect(handled).toBe(500)
    expect(claim.mock.calls.length - before).toBeLessThanOrEqual(4)
  })

  it('is asked for some megabytes at a time, so that the first are worked on while others are read', async () => {
    const inbox = memory()
    const { [port]: inner } = inbox
    const claimed: number[] = []
    const reading = Promise.withResolvers<void>()
    const slow = around(inbox, () => ({
      async claim(request) {
        // The file is slow when it is asked for more beside the first.
        if (claimed.length > 0) await reading.promise
        const answer = await inner.claims.claim(request)
        const bytes = answer.claims.reduce((sum, { delivery }) => sum + delivery.body.length, 0)
        if (bytes > 0) claimed.push(bytes)
        return answer
      },
    }))
    const filling = newReceiver({ inbox, role: 'receive' })
    const text = 'x'.repeat(3 << 20)
    for (let n = 0; n < 5; n++) await send(filling, { body: JSON.stringify([{ type: 'ping', n, text }]) })
    await filling.close()
    const receiver = newReceiver({ inbox: slow })
    const handled: number[] = []
    receiver.on('toy.ping', ({ payload }) => void handled.push((payload as { n: number }).n))
    await receiver.start()
    await settled()
    expect(handled).toEqual([0, 1])
    reading.resolve()
    await receiver.whenIdle()
    expect(handled).toEqual([0, 1, 2, 3, 4])
    expect(Math.max(...claimed)).toBeLessThan(8 << 20)
  })
})

describe('a batch handler', () => {
  it('gets events of several deliveries together, up to its size', async () => {
    const receiver = newReceiver()
    const sizes: number[] = []
    receiver.onBatch('toy.ping', { size: 4, maxWaitMs: 500 }, (events) => void sizes.push(events.length))
    for (const n of [3, 2, 1]) await send(receiver, { body: pings(n) })
    await vi.waitFor(() => expect(sizes).toEqual([4]))
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0))
    await clock.advance(500)
    expect(sizes).toEqual([4, 2])
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })

  it('takes 10 000 events in whole batches', async () => {
    const receiver = newReceiver()
    const sizes: number[] = []
    receiver.onBatch('*', { size: 1_000 }, async (events) => void sizes.push(events.length))
    await send(receiver, { body: pings(10_000) })
    await receiver.whenIdle()
    expect(sizes).toEqual(Array.from({ length: 10 }, () => 1_000))
  })

  it('that throws is tried again in halves until the poison stands alone', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    const handled: number[] = []
    receiver.onBatch('toy.ping', { size: 8 }, (events) => {
      if (events.some((event) => event.delivery.index === 5)) throw new Error('poison')
      handled.push(...events.map((event) => event.delivery.index))
    })
    await send(receiver, { body: pings(8) })
    await receiver.whenIdle()
    expect(handled.sort()).toEqual([0, 1, 2, 3, 4, 6, 7])
    expect(await all(receiver.inbox.deadLetters())).toMatchObject([{ event: { delivery: { index: 5 } } }])
  })

  it('that returns settles all but what it names as failed', async () => {
    const receiver = newReceiver()
    const calls: string[][] = []
    receiver.onBatch('toy.ping', { size: 3, maxWaitMs: 0 }, (events) => {
      calls.push(events.map((event) => event.id.split('.')[1] as string))
      return calls.length === 1 ? { failed: [{ id: events[1]?.id ?? '', error: new Error('that one') }] } : undefined
    })
    await send(receiver, { body: pings(3) })
    await clock.advance(1_000)
    expect(calls).toEqual([['0', '1', '2'], ['1']])
  })

  it('that returns what throws when it is looked at has failed as a whole', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    const hostile = {
      get failed(): never {
        throw new Error('no looking')
      },
    }
    receiver.onBatch('toy.ping', { size: 2 }, () => hostile)
    await send(receiver, { body: pings(2) })
    await receiver.whenIdle()
    const letters = await all(receiver.inbox.deadLetters())
    expect(letters.map((letter) => letter.errors[0]?.message)).toEqual(['no looking', 'no looking'])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })

  const reason = new Error('row 2')
  it.each<[what: string, returned: unknown]>([
    ['false', false],
    [
      'what Promise.allSettled gives',
      [
        { status: 'fulfilled', value: 1 },
        { status: 'rejected', reason },
      ],
    ],
    ['the failures of AWS Lambda', { batchItemFailures: [{ itemIdentifier: '1' }] }],
    ['failures', { failures: [{ row: 2 }] }],
    ['a count of the failed', { failed: 1, successful: 1 }],
    ['failed that is true', { failed: true }],
    ['failed of ids', { failed: ['1'] }],
    ['failed without ids', { failed: [{ error: reason }, null] }],
    ['failed by id', { failed: { 1: reason } }],
    ['failed as text', { failed: 'some' }],
  ])('that returns %s has failed as a whole', async (_what, returned) => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    receiver.onBatch('toy.ping', { size: 2 }, async () => returned)
    await send(receiver, { body: pings(2) })
    await receiver.whenIdle()
    const letters = await all(receiver.inbox.deadLetters())
    expect(letters.map((letter) => letter.errors[0]?.code)).toEqual(['ERR_HANDLER_BATCH', 'ERR_HANDLER_BATCH'])
    const cause = Array.isArray(returned) ? { message: 'row 2' } : undefined
    expect(letters[0]?.errors[0]?.cause).toEqual(cause && expect.objectContaining(cause))
  })

  it('that says that something failed is tried in halves, as one that throws', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    receiver.onBatch('toy.ping', { size: 4 }, (events) => !events.some(({ delivery }) => delivery.index === 2))
    await send(receiver, { body: pings(4) })
    await receiver.whenIdle()
    expect(await all(receiver.inbox.deadLetters())).toMatchObject([{ event: { delivery: { index: 2 } } }])
  })

  it.each<[returned: unknown]>([
    [undefined],
    [null],
    [true],
    [0],
    ['INSERT 0 2'],
    [[]],
    [[{ id: 1, status: 'bounced' }, null]],
    [{ rowCount: 2, failed: 0 }],
    [{ failed: [], failures: [], batchItemFailures: [] }],
    [Object.create(null)],
  ])('that returns %j has succeeded', async (returned) => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    const calls = vi.fn(() => returned)
    receiver.onBatch('toy.ping', { size: 2 }, calls)
    await send(receiver, { body: pings(2) })
    await receiver.whenIdle()
    expect(calls).toHaveBeenCalledTimes(1)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0 })
  })

  it('that names a stranger has failed as a whole', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    receiver.onBatch('toy.ping', { size: 2 }, () => ({ failed: [{ id: 'd_x.9', error: 'no' }] }))
    await send(receiver, { body: pings(2) })
    await receiver.whenIdle()
    const letters = await all(receiver.inbox.deadLetters())
    expect(letters.map((letter) => letter.errors[0]?.code)).toEqual(['ERR_HANDLER_BATCH', 'ERR_HANDLER_BATCH'])
  })
})

describe('close', () => {
  it('lets running handlers finish, and says so', async () => {
    const receiver = newReceiver()
    let end = () => {}
    receiver.on('toy.ping', () => new Promise<void>((resolve) => (end = resolve)))
    await send(receiver)
    await settled()
    const closing = receiver.close()
    await settled()
    end()
    expect(await closing).toEqual({ drained: true, returned: 0 })
  })

  it('gives the rest back: what was done is not done again after the next start', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    const calls: number[] = []
    const signals: AbortSignal[] = []
    first.on('toy.ping', { name: 'h', concurrency: 1 }, (event, { signal }) => {
      calls.push(event.delivery.index)
      if (event.delivery.index < 3) return
      signals.push(signal)
      return new Promise(() => {})
    })
    await send(first, { body: pings(10) })
    await settled()
    const closing = first.close({ timeoutMs: 1_000 })
    await clock.advance(799)
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(1)
    expect(signals[0]?.aborted).toBe(true)
    await clock.advance(200)
    expect(await closing).toEqual({ drained: false, returned: 7 })
    const second = newReceiver({ inbox })
    second.on(
      'toy.ping',
      { name: 'h', concurrency: 1 },
      (event, { attempt }) => void calls.push(event.delivery.index * attempt),
    )
    await second.start()
    await second.whenIdle()
    expect(calls).toEqual([0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9])
  })

  it('leaves work for a handler that this process does not have', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    first.on('toy.ping', { name: 'a' }, () => new Promise(() => {}))
    first.on('toy.ping', { name: 'b' }, () => new Promise(() => {}))
    await send(first, { body: pings(2) })
    await settled()
    const closing = first.close({ timeoutMs: 10 })
    await clock.advance(10)
    await closing
    const second = newReceiver({ inbox })
    const seen: string[] = []
    second.on('toy.ping', { name: 'a' }, () => void seen.push('a'))
    await second.start()
    await second.whenIdle()
    expect(seen).toEqual(['a', 'a'])
    expect(await second.inbox.stats()).toMatchObject({ pending: 1 })
    await second.close()
    const third = newReceiver({ inbox })
    third.on('toy.ping', { name: 'c', formerly: ['b'] }, () => void seen.push('c'))
    await third.start()
    await third.whenIdle()
    expect(seen).toEqual(['a', 'a', 'c', 'c'])
    expect(await third.inbox.stats()).toMatchObject({ pending: 0 })
  })
})

describe('registration', () => {
  it.each([
    ['a misspelt name', 'toy.pin', 'did you mean \\"toy.ping\\"'],
    ['another provider', 'mailjet.open', 'no source sends'],
    ['no name at all', '', 'no source sends'],
    ['an empty list', [], 'must not be empty'],
  ])('refuses %s', (_name, pattern, message) => {
    const receiver = newReceiver()
    const on = receiver.on as (name: unknown, handler: () => void) => unknown
    try {
      on.call(receiver, pattern, () => {})
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: 'OptionError', code: 'ERR_PATTERN' })
      expect(JSON.stringify((error as Error).message)).toContain(message)
    }
  })

  it('names a handler after its events and its source, and refuses a second one of that name', () => {
    const receiver = newReceiver()
    receiver.on(['toy.pong', 'toy.ping'], () => {})
    receiver.on(['toy.pong', 'toy.ping'], { source: 'shop' }, () => {})
    expect(() => receiver.on(['toy.ping', 'toy.pong'], () => {})).toThrow(
      expect.objectContaining({ code: 'ERR_HANDLER_NAME', message: expect.stringContaining('"toy.ping+toy.pong"') }),
    )
    expect(() => receiver.on('*', { name: 'toy.ping+toy.pong@shop' }, () => {})).toThrow(
      expect.objectContaining({ code: 'ERR_HANDLER_NAME' }),
    )
  })

  it.each([
    [{ concurency: 3 }],
    [{ concurrency: 0 }],
    [{ timeoutMs: Number.NaN }],
    [{ retry: { attempts: 1.5 } }],
    [{ retry: { minMs: 10, maxMs: 5 } }],
    [{ name: '' }],
    [{ source: 'nowhere' }],
    [{ size: 3 }],
  ])('refuses the options %j', (options) => {
    const receiver = newReceiver()
    expect(() => receiver.on('*', options as object, () => {})).toThrow(TypeError)
  })

  it('is over once the receiver has started', async () => {
    const receiver = newReceiver()
    await receiver.start()
    expect(() => receiver.on('*', () => {})).toThrow(expect.objectContaining({ code: 'ERR_RECEIVER_STARTED' }))
  })
})
