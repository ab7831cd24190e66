/** Deliveries that a process was in the middle of when it died: what was over is not handled again, and is counted once. */
import { beforeEach, describe, expect, it } from 'vitest'
import { PermanentError, PosthornError, RetryLater } from '../../../src/errors.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { around } from '../../faults/harness/around.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { inboxesInMemory, type Life } from '../../support/mortal.ts'
import { send } from '../../support/neutral.ts'
import { all, pings, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

let clock: FakeClock
let inboxOf: ReturnType<typeof inboxesInMemory>

beforeEach(() => {
  clock = new FakeClock()
  inboxOf = inboxesInMemory()
})

const indexOf = (event: AnyEvent) => event.delivery.index

/** A process; what its handlers do after its death is not seen. */
function newProcess(options: object = {}) {
  const life: Life = { isDead: false }
  const receiver = receiverIn(clock, { inbox: inboxOf(life), ...options })
  return { life, receiver }
}

/** Calls that do not end before they are told to. */
class Calls {
  /** As they began. */
  readonly begun: number[] = []
  readonly #open = new Map<number, PromiseWithResolvers<void>>()

  begin(index: number): Promise<void> {
    this.begun.push(index)
    const call = Promise.withResolvers<void>()
    this.#open.set(index, call)
    return call.promise
  }

  async end(...indices: readonly number[]): Promise<void> {
    for (const index of indices) this.#open.get(index)?.resolve()
    await settled()
  }

  async fail(index: number, error: unknown): Promise<void> {
    this.#open.get(index)?.reject(error)
    await settled()
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('after a death in the middle of a first pass', () => {
  it('what had ended a second before is over, and what had not is handed in again', async () => {
    const { life, receiver } = newProcess()
    const first = new Calls()
    receiver.on('*', { name: 'a', concurrency: 4 }, (event) => first.begin(indexOf(event)))
    await send(receiver, { body: pings(8) })
    await settled()
    await first.end(1, 3)
    await clock.advance(1_000)
    await first.end(2)
    expect(first.begun).toEqual([0, 1, 2, 3, 4, 5, 6])
    life.isDead = true

    const next = newProcess()
    const seen: number[] = []
    next.receiver.on('*', { name: 'a' }, (event) => void seen.push(indexOf(event)))
    await next.receiver.start()
    await next.receiver.whenIdle()
    expect(seen).toEqual([0, 2, 4, 5, 6, 7])
    expect(await next.receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0 })
    expect(next.receiver.metrics().handled).toBe(6)
  })

  it('an event that has killed three processes is in quarantine and not done, also where that was saved first', async () => {
    for (let death = 0; death < 5; death++) {
      const { life, receiver } = newProcess()
      receiver.on('*', { name: 'a' }, () => new Promise(() => {}))
      if (death === 0) await send(receiver, { body: pings(2) })
      else await receiver.start()
      await settled()
      await clock.advance(2_000)
      life.isDead = true
    }
    const last = newProcess()
    const seen: number[] = []
    last.receiver.on('*', { name: 'a' }, (event) => void seen.push(indexOf(event)))
    await last.receiver.start()
    await last.receiver.whenIdle()
    expect(seen).toEqual([1])
    const done = await all(last.receiver.inbox.tallies({ words: ['done'] }))
    expect(done).toMatchObject([{ word: 'done:a', count: 1 }])
    expect(await last.receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 1 })
  })

  it('what was handed on is no copy, though another window has another owner for it', async () => {
    const within = (dedupeWindowMs: number) => newProcess({ sources: { shop: toy({ dedupeWindowMs }) } })
    const body = (n: number) => JSON.stringify([{ type: 'ping', id: 'e', n }])
    const before = within(60_000)
    before.receiver.on('*', { name: 'a' }, () => {})
    before.receiver.on('*', { name: 'b' }, () => {})
    await send(before.receiver, { body: body(1) })
    await before.receiver.whenIdle()
    before.life.isDead = true
    const { life, receiver } = within(120_000)
    receiver.on('*', { name: 'a' }, () => {})
    receiver.on('*', { name: 'b' }, () => new Promise(() => {}))
    await send(receiver, { body: body(2) })
    await clock.advance(1_000)
    life.isDead = true

    const next = within(60_000)
    const seen: string[] = []
    next.receiver.on('*', { name: 'a' }, () => void seen.push('a'))
    next.receiver.on('*', { name: 'b' }, () => void seen.push('b'))
    await next.receiver.start()
    await next.receiver.whenIdle()
    expect(seen).toEqual(['b'])
    expect(await next.receiver.inbox.stats()).toMatchObject({ pending: 0, duplicateEvents: {} })
  })

  it('each handler goes on where it was', async () => {
    const { life, receiver } = newProcess()
    const [a, b] = [new Calls(), new Calls()]
    receiver.on('*', { name: 'a', concurrency: 2 }, (event) => a.begin(indexOf(event)))
    receiver.onBatch('*', { name: 'b', size: 4, maxWaitMs: 10 }, ([event]) => b.begin(indexOf(event!)))
    await send(receiver, { body: pings(12) })
    await settled()
    await a.end(0, 1)
    await a.end(2)
    await b.end(0)
    await clock.advance(1_000)
    expect(b.begun).toEqual([0, 4])
    life.isDead = true

    const next = newProcess()
    const seen: Record<string, number[]> = { a: [], b: [] }
    next.receiver.on('*', { name: 'a' }, (event) => void seen.a!.push(indexOf(event)))
    next.receiver.onBatch('*', { name: 'b', maxWaitMs: 10 }, (events) => void seen.b!.push(...events.map(indexOf)))
    await next.receiver.start()
    await clock.advance(20)
    await next.receiver.whenIdle()
    expect(seen).toEqual({ a: upTo(12).slice(3), b: upTo(12).slice(4) })
  })

  it('failures keep their attempts, dead letters are told once, and no count is made twice', async () => {
    const told: string[] = []
    const hooks = {
      deadLettered: ({ event }: { event: AnyEvent }) => void told.push(`dead ${indexOf(event)}`),
      quarantined: ({ index }: { index: number | null }) => void told.push(`quarantined ${index}`),
      unhandled: ({ count }: { count: number }) => void told.push(`unhandled ${count}`),
    }
    const { life, receiver } = newProcess({ hooks })
    const first = new Calls()
    const retry = { attempts: 2, minMs: 60_000, maxMs: 60_000 }
    receiver.on('toy.ping', { name: 'a', concurrency: 8, retry }, (event) => first.begin(indexOf(event)))
    const elements = [
      ...JSON.parse(pings(5)),
      { type: 'pong' },
      { type: 'ping', bad: true },
      'no event',
      { type: 'ping', n: 8 },
    ]
    await send(receiver, { body: JSON.stringify(elements) })
    await settled()
    await first.fail(0, new Error('not now'))
    await first.fail(1, new PermanentError('never'))
    await first.fail(2, new RetryLater({ afterMs: 120_000 }))
    await clock.advance(1_000)
    expect(told).toEqual([])
    life.isDead = true

    const next = newProcess({ hooks })
    const seen: [number, number][] = []
    next.receiver.on(
      'toy.ping',
      { name: 'a', retry },
      (event, { attempt }) => void seen.push([indexOf(event), attempt]),
    )
    await next.receiver.start()
    await clock.advance(10)
    const before = await next.receiver.inbox.stats()
    expect(seen.map(([index]) => index)).not.toContain(0)
    expect(before).toMatchObject({ pending: 1, deadLetters: 1, unhandled: { 'toy.pong': 1 } })
    expect(told.filter((one) => one.startsWith('dead'))).toEqual(['dead 1'])
    expect(told.filter((one) => one.startsWith('unhandled'))).toEqual(['unhandled 1'])
    expect(told.filter((one) => one.startsWith('quarantined'))).toHaveLength(before.quarantined)
    expect(next.receiver.metrics()).toMatchObject({ dead: 1, unhandled: 1, quarantined: before.quarantined })
    const [letter] = await all(next.receiver.inbox.deadLetters({ handler: 'a' }))
    expect(letter).toMatchObject({ attempts: 1, event: { payload: { n: 1 } } })
    await clock.advance(60_000)
    await clock.advance(60_000)
    await next.receiver.whenIdle()
    expect(seen.filter(([index]) => index === 0 || index === 2)).toEqual([
      [0, 2],
      [2, 1],
    ])
    expect(await next.receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 1 })
  })

  it('a handler that is not there gets a row for what is not over alone', async () => {
    const { life, receiver } = newProcess()
    const first = new Calls()
    receiver.on('*', { name: 'a', concurrency: 3 }, (event) => first.begin(indexOf(event)))
    receiver.on('*', { name: 'b' }, () => {})
    await send(receiver, { body: pings(6) })
    await settled()
    await first.end(0, 2)
    await clock.advance(1_000)
    life.isDead = true

    const without = newProcess()
    without.receiver.on('*', { name: 'b' }, () => {})
    await without.receiver.start()
    await without.receiver.whenIdle()
    await without.receiver.close()
    const last = newProcess()
    const seen: number[] = []
    last.receiver.on('*', { name: 'renamed', formerly: ['a'] }, (event) => void seen.push(indexOf(event)))
    await last.receiver.start()
    await last.receiver.whenIdle()
    expect(seen).toEqual([1, 3, 4, 5])
    expect(await last.receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })

  it('more holes than are kept leave the rest to be handled again, and nothing is lost or ends twice', async () => {
    const { life, receiver } = newProcess()
    const first = new Calls()
    const count = 1_000
    receiver.on('*', { name: 'a', concurrency: count }, (event) => first.begin(indexOf(event)))
    // It makes room for as many to be under way.
    receiver.onBatch('*', { name: 'b', size: count, maxWaitMs: 1 }, () => {})
    await send(receiver, { body: pings(count) })
    await settled()
    for (const n of upTo(count)) if (n % 3 === 1) await first.fail(n, new PermanentError('never'))
    await clock.advance(1_000)
    life.isDead = true

    const next = newProcess()
    const seen = new Set<number>()
    next.receiver.on('*', { name: 'a' }, (event) => {
      seen.add(indexOf(event))
      if (indexOf(event) % 3 === 1) throw new PermanentError('never')
    })
    next.receiver.onBatch('*', { name: 'b' }, () => {})
    await next.receiver.start()
    await next.receiver.whenIdle()
    expect(seen.size).toBe(count - 256)
    const letters = await all(next.receiver.inbox.deadLetters({ handler: 'a' }))
    expect(letters.map(({ event }) => indexOf(event)).sort((a, b) => a - b)).toEqual(
      upTo(count).filter((n) => n % 3 === 1),
    )
  })
})

describe('after a death in the middle of work that was left for later', () => {
  const retry = { minMs: 600_000, maxMs: 600_000 }

  it('what had ended a second before is over, in a range', async () => {
    const one = newProcess()
    one.receiver.on('*', { name: 'a' }, () => {})
    await one.receiver.start()
    await one.receiver.inbox.pause('a')
    await send(one.receiver, { body: pings(10) })
    await settled()
    await one.receiver.close()

    const two = newProcess()
    const first = new Calls()
    two.receiver.on('*', { name: 'a', concurrency: 3, retry }, (event) => first.begin(indexOf(event)))
    await two.receiver.start()
    await two.receiver.inbox.resume('a')
    await clock.advance(20)
    expect(first.begun).toEqual([0, 1, 2])
    await first.end(0)
    await first.fail(2, new Error('not now'))
    await clock.advance(1_000)
    two.life.isDead = true

    const three = newProcess()
    const seen: number[] = []
    three.receiver.on('*', { name: 'a', retry }, (event) => void seen.push(indexOf(event)))
    await three.receiver.start()
    await clock.advance(20)
    await three.receiver.whenIdle()
    expect(seen).toEqual([1, 3, 4, 5, 6, 7, 8, 9])
    expect(await three.receiver.inbox.stats()).toMatchObject({ pending: 1 })
    await clock.advance(600_000)
    await three.receiver.whenIdle()
    expect(seen).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 2])
    expect(await three.receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })

  it('what had ended a second before is over, of single events', async () => {
    const one = newProcess()
    one.receiver.on('*', { name: 'a', retry: { minMs: 10, maxMs: 10 } }, () => Promise.reject(new Error('not now')))
    await send(one.receiver, { body: pings(4) })
    await settled()
    await one.receiver.close()

    const two = newProcess()
    const first = new Calls()
    two.receiver.on('*', { name: 'a', concurrency: 8, retry }, (event) => first.begin(indexOf(event)))
    await clock.advance(10)
    await two.receiver.start()
    await settled()
    expect(first.begun).toEqual([0, 1, 2, 3])
    await first.end(0, 2)
    await first.fail(3, new PermanentError('never'))
    await clock.advance(1_000)
    two.life.isDead = true

    const three = newProcess()
    const seen: number[] = []
    three.receiver.on('*', { name: 'a', retry }, (event) => void seen.push(indexOf(event)))
    await three.receiver.start()
    await clock.advance(20)
    await three.receiver.whenIdle()
    expect(seen).toEqual([1])
    expect(await three.receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 1 })
  })
})

describe('after a death, with care', () => {
  it('a handler that takes a minute for an event keeps each that it has finished', async () => {
    const done: number[] = []
    for (let life = 0; life < 7; life++) {
      const dying = newProcess()
      dying.receiver.on('*', { name: 'a', concurrency: 1, timeoutMs: 600_000 }, (event) => {
        const finish = (resolve: () => void) => {
          if (!dying.life.isDead) done.push(indexOf(event))
          resolve()
        }
        return new Promise<void>((resolve) => void clock.after(60_000, () => finish(resolve)))
      })
      await dying.receiver.start()
      if (life === 0) await send(dying.receiver, { body: pings(6) })
      await clock.advance(62_000)
      dying.life.isDead = true
    }
    expect(done).toEqual(upTo(6))
  })

  it('each note has what ended before it saved with it: a process that dies again and again gets on', async () => {
    const { life, receiver } = newProcess()
    receiver.on('*', { name: 'a' }, () => new Promise(() => {}))
    await send(receiver, { body: pings(200) })
    await settled()
    life.isDead = true

    const seen: number[] = []
    for (let deaths = 0; deaths < 3; deaths++) {
      const dying = newProcess()
      dying.receiver.on('*', { name: 'a', concurrency: 64 }, (event) => {
        seen.push(indexOf(event))
        // The first of the second group of each life takes the process with it.
        if (indexOf(event) === 64 * (deaths + 1)) dying.life.isDead = true
      })
      await dying.receiver.start()
      await clock.advance(10)
    }
    const last = newProcess()
    last.receiver.on('*', { name: 'a' }, (event) => void seen.push(indexOf(event)))
    await last.receiver.start()
    await clock.advance(10)
    await last.receiver.whenIdle()
    const times = (n: number) => seen.filter((one) => one === n).length
    expect(
      upTo(200)
        .map(times)
        .filter((count) => count === 0),
    ).toEqual([])
    expect(upTo(64).map(times)).toEqual(upTo(64).map(() => 1))
    expect(await last.receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 0 })
  })
})

describe('with an order', () => {
  const keyOf = (event: AnyEvent) => String(indexOf(event) % 2)

  it('what comes after a failure of its key waits for it, as it would have', async () => {
    const { life, receiver } = newProcess()
    const first = new Calls()
    const retry = { minMs: 60_000, maxMs: 60_000 }
    receiver.on('*', { name: 'a', concurrency: 4, orderBy: keyOf, retry }, (event) => first.begin(indexOf(event)))
    await send(receiver, { body: pings(8) })
    await settled()
    expect(first.begun).toEqual([0, 1])
    await first.end(0)
    await first.fail(1, new Error('not now'))
    await clock.advance(1_000)
    life.isDead = true

    const next = newProcess()
    const seen: number[] = []
    next.receiver.on('*', { name: 'a', orderBy: keyOf, retry }, (event) => void seen.push(indexOf(event)))
    await next.receiver.start()
    await clock.advance(10)
    await send(next.receiver, { body: pings(4, (n) => ({ again: n })) })
    await clock.advance(10)
    expect(seen).toEqual([2, 4, 6, 0, 2])
    await clock.advance(60_000)
    await next.receiver.whenIdle()
    expect(seen).toEqual([2, 4, 6, 0, 2, 1, 3, 5, 7, 1, 3])
  })
})

describe('with an order that its handler had not before', () => {
  const keyOf = (event: AnyEvent) => String(indexOf(event) % 2)
  const retry = { minMs: 60_000, maxMs: 60_000 }

  it.each([
    ['under its name', 'a'],
    ['under a new name', 'b'],
  ])('(%s) what comes after a failure of its key waits for it', async (_title, name) => {
    const { life, receiver } = newProcess()
    const first = new Calls()
    receiver.on('*', { name: 'a', concurrency: 4, retry }, (event) => first.begin(indexOf(event)))
    await send(receiver, { body: pings(8) })
    await settled()
    await first.end(0)
    await first.fail(1, new Error('not now'))
    await clock.advance(1_000)
    life.isDead = true

    const next = newProcess()
    const seen: string[] = []
    const options = { name, formerly: name === 'a' ? [] : ['a'], orderBy: keyOf, retry }
    next.receiver.on('*', options, (event, { attempt }) => void seen.push(`${indexOf(event)}.${attempt}`))
    await next.receiver.start()
    await clock.advance(10)
    await send(next.receiver, { body: pings(4, (n) => ({ again: n })) })
    await clock.advance(10)
    expect(seen).toEqual(['2.1', '4.1', '6.1', '0.1', '2.1'])
    await clock.advance(60_000)
    await next.receiver.whenIdle()
    expect(seen.slice(5)).toEqual(['1.2', '3.1', '5.1', '7.1', '1.1', '3.1'])
    expect(await next.receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })

  it('one without a key holds nobody', async () => {
    const { life, receiver } = newProcess()
    const first = new Calls()
    receiver.on('*', { name: 'a', concurrency: 4, retry }, (event) => first.begin(indexOf(event)))
    await send(receiver, { body: pings(6) })
    await settled()
    await first.fail(1, new Error('not now'))
    await clock.advance(1_000)
    life.isDead = true

    const next = newProcess()
    const seen: number[] = []
    const orderBy = (event: AnyEvent) => (indexOf(event) === 1 ? null : 'k')
    next.receiver.on('*', { name: 'a', orderBy, retry }, (event) => void seen.push(indexOf(event)))
    await next.receiver.start()
    await clock.advance(10)
    expect(seen).toEqual([0, 2, 3, 4, 5])
    await clock.advance(60_000)
    await next.receiver.whenIdle()
    expect(seen).toEqual([0, 2, 3, 4, 5, 1])
  })
})

describe('with an order over deliveries that are worked on together', () => {
  it('nothing is saved as over before what comes before it in its key', async () => {
    const newOrdered = (handle: (event: AnyEvent, life: Life) => unknown, failing: readonly number[] = []) => {
      const life: Life = { isDead: false }
      const inbox = around(inboxOf(life), (inner) => ({
        settle: (settlement) =>
          failing.includes(settlement.seq)
            ? Promise.reject(new PosthornError('ERR_INBOX_IO', 'the disk is full'))
            : inner.settle(settlement),
      }))
      const receiver = receiverIn(clock, { inbox })
      const orderBy = ({ payload }: AnyEvent) => (payload as { key: string }).key
      receiver.on('*', { name: 'a', concurrency: 100, orderBy }, (event) => handle(event, life))
      return { life, receiver }
    }
    const place = ({ delivery }: AnyEvent) => `${delivery.size} ${delivery.index}`
    const first = newOrdered(() => new Promise(() => {}))
    await send(first.receiver, { body: '[{"type":"ping","key":"k0"}]' })
    await send(first.receiver, { body: pings(70, (n) => ({ key: `k${n % 10}` })) })
    await settled()
    first.life.isDead = true

    const seen: string[] = []
    const handle = (event: AnyEvent, life: Life) => {
      // The second delivery has noted its second group: what was over of the first group is saved.
      if (place(event) === '70 64') life.isDead = true
      else seen.push(place(event))
    }
    // What the first delivery has come to cannot be stored.
    const second = newOrdered(handle, [1])
    await second.receiver.start()
    await clock.advance(10)
    expect([second.life.isDead, seen[0]]).toEqual([true, '1 0'])
    const before = seen.length

    const third = newOrdered((event) => void seen.push(place(event)))
    await third.receiver.start()
    await clock.advance(10)
    await third.receiver.whenIdle()
    expect(seen.slice(before)).not.toContain('1 0')
    expect(seen.slice(before)).toContain('70 64')
    expect(await third.receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })
})

describe('with dedupeEvents', () => {
  const sources = { shop: toy({ dedupeWindowMs: 3_600_000 }) }
  const identified = (ids: readonly string[]) => JSON.stringify(ids.map((id, n) => ({ type: 'ping', n, id })))

  it('copies are absorbed once, those of what was saved as over too, and those of what died are not', async () => {
    const { life, receiver } = newProcess({ sources })
    const first = new Calls()
    receiver.on('*', { name: 'a', concurrency: 2 }, (event) => first.begin(indexOf(event)))
    await send(receiver, { body: identified(['x']) })
    await settled()
    await first.end(0)
    await send(receiver, { body: identified(['x', 'y', 'z', 'w']) })
    await settled()
    await first.end(1)
    await first.fail(2, new PermanentError('never'))
    await clock.advance(1_000)
    life.isDead = true

    const next = newProcess({ sources })
    const seen: (string | null)[] = []
    next.receiver.on('*', { name: 'a' }, (event) => void seen.push(event.senderEventId))
    await next.receiver.start()
    await clock.advance(10)
    await next.receiver.whenIdle()
    expect(seen).toEqual(['w'])
    expect(await next.receiver.inbox.stats()).toMatchObject({
      pending: 0,
      deadLetters: 1,
      duplicateEvents: { shop: 1 },
    })
    await send(next.receiver, { body: identified(['y', 'z', 'x']) })
    await next.receiver.whenIdle()
    expect(seen).toEqual(['w', 'z'])
    expect(await next.receiver.inbox.stats()).toMatchObject({ duplicateEvents: { shop: 3 } })
  })
})
