import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PermanentError } from '../../../src/errors.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'

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

const numberOf = (event: AnyEvent) => (event.payload as { n: number }).n
const byRecipient = (event: AnyEvent) => event.recipient

/** Events `to` a recipient each, numbered by their order of the whole test. */
function posting(receiver: ReturnType<typeof newReceiver>) {
  let n = 0
  return async (...to: (string | null)[]) => {
    const body = to.map((one) => ({ type: 'ping', n: n++, ...(one === null ? {} : { to: one }) }))
    await send(receiver, { body: JSON.stringify(body) })
  }
}

/** A handler whose calls end when a test says so. */
function byHand() {
  const running = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>()
  return {
    running,
    handle: (event: AnyEvent) =>
      new Promise<void>((resolve, reject) => void running.set(numberOf(event), { resolve, reject })),
    async end(n: number, error?: unknown) {
      const call = running.get(n)
      running.delete(n)
      if (error === undefined) call?.resolve()
      else call?.reject(error)
      await settled()
    },
    get numbers() {
      return [...running.keys()].sort((a, b) => a - b)
    },
  }
}

describe('events of one key', () => {
  it('run one at a time over deliveries, and hold neither other keys nor events without one', async () => {
    const receiver = newReceiver()
    const post = posting(receiver)
    const calls = byHand()
    receiver.on('toy.ping', { name: 'kept', orderBy: byRecipient }, calls.handle)
    await post('a', 'b', 'a', null, null)
    await post('a', 'c')
    await settled()
    expect(calls.numbers).toEqual([0, 1, 3, 4, 6])
    await calls.end(1)
    expect(calls.numbers).toEqual([0, 3, 4, 6])
    await calls.end(0)
    expect(calls.numbers).toEqual([2, 3, 4, 6])
    await calls.end(2)
    expect(calls.numbers).toEqual([3, 4, 5, 6])
  })

  it('wait for the retry of one before them, without spending attempts, while other keys and handlers go on', async () => {
    const receiver = newReceiver()
    const post = posting(receiver)
    const seen: string[] = []
    const others: number[] = []
    let failing = true
    receiver.on('toy.ping', { name: 'kept', orderBy: byRecipient }, (event, { attempt }) => {
      seen.push(`${numberOf(event)}:${attempt}`)
      if (numberOf(event) === 0 && failing) throw new Error('not now')
    })
    receiver.on('toy.ping', { name: 'other' }, (event) => void others.push(numberOf(event)))
    await post('a', 'b', 'a')
    await post('a', 'b')
    await clock.advance(4_000)
    expect(seen).toEqual(['0:1', '1:1', '4:1', '0:2', '0:3'])
    expect(others).toEqual([0, 1, 2, 3, 4])
    failing = false
    await clock.advance(10_000)
    expect(seen.slice(5)).toEqual(['0:4', '2:1', '3:1'])
    await post('a')
    await settled()
    expect(seen.at(-1)).toBe('5:1')
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })

  it('go on when the one before them is dead, which comes back in its place when it is revived', async () => {
    const receiver = newReceiver()
    const post = posting(receiver)
    const seen: number[] = []
    let deadly = true
    receiver.on('toy.ping', { name: 'kept', orderBy: byRecipient }, (event) => {
      seen.push(numberOf(event))
      if (numberOf(event) === 0 && deadly) throw new PermanentError('never')
    })
    await post('a', 'a')
    await receiver.whenIdle()
    expect(seen).toEqual([0, 1])
    deadly = false
    await receiver.inbox.retry({ outcome: 'dead' })
    await settled()
    await receiver.whenIdle()
    expect(seen).toEqual([0, 1, 0])
  })

  it('wait over a restart', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    const post = posting(first)
    first.on('toy.ping', { name: 'kept', orderBy: byRecipient }, (event) => {
      if (numberOf(event) === 0) throw new Error('not now')
    })
    await post('a', 'a')
    await post('a')
    await settled()
    await first.close({ timeoutMs: 1 })
    const second = newReceiver({ inbox })
    const seen: number[] = []
    second.on('toy.ping', { name: 'kept', orderBy: byRecipient }, (event) => void seen.push(numberOf(event)))
    await second.start()
    await send(second, { body: '[{"type":"ping","n":3,"to":"a"},{"type":"ping","n":4,"to":"b"}]' })
    await settled()
    expect(seen).toEqual([4])
    await clock.advance(2_000)
    expect(seen).toEqual([4, 0, 1, 2, 3])
  })

  it('are all set free when the handler has no order any more', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    first.on('toy.ping', { name: 'kept', orderBy: byRecipient, retry: { minMs: 60_000 } }, () => {
      throw new Error('not now')
    })
    await posting(first)('a', 'a', 'a')
    await settled()
    await first.close({ timeoutMs: 1 })
    const second = newReceiver({ inbox })
    const seen: number[] = []
    second.on('toy.ping', { name: 'kept' }, (event) => void seen.push(numberOf(event)))
    await second.start()
    await settled()
    expect(seen.sort()).toEqual([1, 2])
    await clock.advance(60_000)
    expect(seen).toEqual([1, 2, 0])
  })

  it('are worked off, in order, when thousands wait behind one', async () => {
    const receiver = newReceiver()
    const seen: number[] = []
    let failing = true
    receiver.on('toy.ping', { name: 'kept', orderBy: byRecipient }, (event) => {
      if (failing) throw new Error('not now')
      seen.push(numberOf(event))
    })
    const post = posting(receiver)
    await post(...new Array<string>(1_000).fill('a'))
    for (let n = 0; n < 30; n++) await post('a')
    await settled()
    failing = false
    await clock.advance(5_000)
    await receiver.whenIdle()
    expect(seen).toEqual(Array.from({ length: 1_030 }, (_, n) => n))
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })
})

describe('a slow key', () => {
  it('holds neither the rest of its delivery nor deliveries after it', async () => {
    const receiver = newReceiver()
    const calls = byHand()
    const [kept, others]: [number[], number[]] = [[], []]
    receiver.on('toy.ping', { name: 'kept', orderBy: byRecipient, timeoutMs: 600_000 }, (event) => {
      if (event.recipient === 'slow') return calls.handle(event)
      kept.push(numberOf(event))
    })
    receiver.on('toy.ping', { name: 'other' }, (event) => void others.push(numberOf(event)))
    const post = posting(receiver)
    await post(...Array.from({ length: 2_000 }, (_, n) => (n % 2 === 0 ? 'slow' : `b${n}`)))
    await post('c')
    await clock.advance(1_100)
    expect(others).toHaveLength(2_001)
    expect(kept).toHaveLength(1_001)
    expect(calls.numbers).toEqual([0])
    for (let n = 0; n < 2_000; n += 2) {
      await expect.poll(() => calls.numbers).toEqual([n])
      await calls.end(n)
    }
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
  }, 60_000)
})

describe('context.outOfOrder', () => {
  it('tells that a later event of the key was handed before', async () => {
    const receiver = newReceiver()
    const flags: Record<string, boolean> = {}
    receiver.on('toy.ping', { name: 'kept', orderBy: byRecipient }, (event, { outOfOrder }) => {
      flags[numberOf(event)] = outOfOrder
    })
    const times = [
      ['a', 5_000],
      ['a', 4_000],
      ['b', 3_000],
      ['a', 5_000],
      ['a', 6_000],
      ['a', undefined],
    ] as const
    const pings = times.map(([to, ms], n) => ({ type: 'ping', n, to, at: ms && Date.UTC(2025, 11, 1) + ms }))
    await send(receiver, { body: JSON.stringify(pings) })
    await receiver.whenIdle()
    expect(flags).toEqual({ 0: false, 1: true, 2: false, 3: false, 4: false, 5: false })
  })

  it('is false without orderBy', async () => {
    const receiver = newReceiver()
    const flags: boolean[] = []
    receiver.on('toy.ping', (_, { outOfOrder }) => void flags.push(outOfOrder))
    await send(receiver, { body: '[{"type":"ping","at":2000,"to":"a"},{"type":"ping","at":1000,"to":"a"}]' })
    await receiver.whenIdle()
    expect(flags).toEqual([false, false])
  })
})

describe('orderBy', () => {
  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no such field')
      },
      'TypeError',
    ],
    ['returns no text', () => 7 as never, 'OptionError'],
  ])('that %s is a failure of its handler for that event, and holds no other', async (_what, orderBy, name) => {
    const receiver = newReceiver()
    const seen: number[] = []
    const faulty = (event: AnyEvent) => (numberOf(event) === 0 ? orderBy() : 'a')
    receiver.on(
      'toy.ping',
      { name: 'kept', orderBy: faulty, retry: { attempts: 1 } },
      (event) => void seen.push(numberOf(event)),
    )
    await posting(receiver)('x', 'x')
    await receiver.whenIdle()
    expect(seen).toEqual([1])
    expect(await all(receiver.inbox.deadLetters())).toMatchObject([{ attempts: 1, errors: [{ name }] }])
  })

  it('must be a function, and is no option of onBatch', () => {
    const receiver = newReceiver()
    expect(() => receiver.on('toy.ping', { orderBy: 'recipient' as never }, () => {})).toThrow('orderBy')
    expect(() => receiver.onBatch('toy.ping', { orderBy: byRecipient } as never, () => {})).toThrow('orderBy')
  })

  it("with ack: 'handled' runs a key one at a time, and holds nothing behind what is stored", async () => {
    const receiver = newReceiver({ ack: 'handled' })
    const running = { now: 0, most: 0 }
    const failing = new Set([0])
    receiver.on('toy.ping', { name: 'kept', orderBy: byRecipient }, async (event) => {
      running.most = Math.max(running.most, ++running.now)
      await settled()
      running.now--
      if (failing.has(numberOf(event))) throw new Error('not now')
    })
    const first = await send(receiver, { body: '[{"type":"ping","n":0,"to":"a"},{"type":"ping","n":1,"to":"a"}]' })
    const second = await send(receiver, { body: '[{"type":"ping","n":2,"to":"a"}]' })
    failing.clear()
    const again = await send(receiver, { body: '[{"type":"ping","n":0,"to":"a"},{"type":"ping","n":1,"to":"a"}]' })
    expect([first.status, second.status, again.status]).toEqual([503, 200, 200])
    expect(running.most).toBe(1)
  })
})
