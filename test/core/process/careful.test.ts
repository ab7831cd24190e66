/** Deliveries that are worked on again after the process died over them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Pacer } from '../../../src/core/base/pacer.ts'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { NotedCall } from '../../../src/ports/inbox/claims.ts'
import { around } from '../../faults/harness/around.ts'
import { handClock, newDelivery, openWith } from '../../inboxes/inbox-kit.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, pings, receiverIn } from '../../support/receivers.ts'

let store: MemoryStore
let clock: FakeClock
let open: { close(options?: object): Promise<unknown> }[]
let notes: (readonly NotedCall[])[]
let breaths: number
let claims: number
/** Notes are durable once it resolves. */
let noting: Promise<void>

beforeEach(() => {
  store = new MemoryStore()
  clock = new FakeClock()
  open = []
  notes = []
  breaths = 0
  claims = 0
  noting = Promise.resolve()
})

afterEach(async () => {
  for (const receiver of open) await receiver.close({ timeoutMs: 0 })
})

const calls = (handler: string, first: number, last: number): NotedCall[] =>
  Array.from({ length: last - first + 1 }, (_, n) => ({ index: first + n, handler }))
const sizes = () => notes.map(({ length }) => length)

/** A process that claims the delivery, notes and dies: once without a note, and once with each. */
async function die(events: number, handlers: readonly string[], ...noted: (readonly NotedCall[])[]) {
  for (const note of [null, ...noted]) {
    const { inbox, claim } = await openWith(new MemoryInbox(store), handlers, handClock())
    if (note === null) await inbox.accept(newDelivery('x', { body: Buffer.from(pings(events)) }))
    await claim()
    if (note !== null) await inbox.note(1, note)
  }
}

function newReceiver({
  createPacer,
  ...options
}: {
  createPacer?: () => Pacer
  ack?: 'handled'
  ackWithinMs?: number
} = {}) {
  const inbox = around({ kind: 'memory', [port]: new MemoryInbox(store) }, (inner) => ({
    async claim(request) {
      const answer = await inner.claim(request)
      claims += answer.claims.length
      return answer
    },
    noteCalls: (claim, calls) => {
      notes.push(calls)
      return noting.then(() => inner.noteCalls(claim, calls))
    },
  }))
  const receiver = receiverIn(clock, { inbox, ...options }, createPacer)
  open.push(receiver)
  return receiver
}

describe('a delivery over which a process died', () => {
  it('is handled in groups, each after one note, at the concurrency of its handler', async () => {
    await die(150, ['a'])
    const receiver = newReceiver()
    const seen: string[] = []
    let [running, most] = [0, 0]
    receiver.on('*', { name: 'a', concurrency: 5 }, async (event) => {
      const noted = notes.at(-1)?.some(({ index }) => index === event.delivery.index)
      seen.push(`${event.delivery.index} ${noted}`)
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
    })
    await receiver.start()
    await receiver.whenIdle()
    expect(seen).toEqual(Array.from({ length: 150 }, (_, n) => `${n} true`))
    expect(notes).toEqual([calls('a', 0, 63), calls('a', 64, 127), calls('a', 128, 149)])
    expect(most).toBe(5)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 0 })
  })

  it('begins the next group when nothing of the last is under way any more, for any handler', async () => {
    await die(40, ['a', 'b'])
    const receiver = newReceiver()
    const slow = Promise.withResolvers<void>()
    let handled = 0
    receiver.on('*', { name: 'a' }, () => void handled++)
    receiver.on('*', { name: 'b' }, async ({ delivery }) => {
      if (delivery.index === 31) await slow.promise
    })
    await receiver.start()
    await settled()
    expect([sizes(), handled]).toEqual([[64], 32])
    slow.resolve()
    await receiver.whenIdle()
    expect([sizes(), handled]).toEqual([[64, 16], 40])
  })

  it('gives those alone that were under way in a death, and the others together', async () => {
    await die(12, ['a'], calls('a', 4, 5))
    const receiver = newReceiver()
    const underWay: number[][] = []
    const running = new Set<number>()
    receiver.on('*', { name: 'a' }, async ({ delivery }) => {
      underWay.push([...running.add(delivery.index)])
      await Promise.resolve()
      running.delete(delivery.index)
    })
    await receiver.start()
    await receiver.whenIdle()
    expect(notes).toEqual([calls('a', 0, 3), calls('a', 4, 4), calls('a', 5, 5), calls('a', 6, 11)])
    expect(underWay.slice(4, 6)).toEqual([[4], [5]])
    expect(underWay.at(-1)?.length).toBeGreaterThan(1)
  })

  it('quarantines what was under way in three deaths, for that handler, and notes it no more', async () => {
    const one = calls('a', 2, 2)
    await die(4, ['a', 'b'], calls('a', 1, 3), one, one)
    const receiver = newReceiver()
    const seen: string[] = []
    for (const name of ['a', 'b'])
      receiver.on('*', { name }, ({ delivery }) => void seen.push(`${name}${delivery.index}`))
    await receiver.start()
    await receiver.whenIdle()
    expect(seen.sort()).toEqual(['a0', 'a1', 'a3', 'b0', 'b1', 'b2', 'b3'])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 1 })
    expect(await all(receiver.inbox.quarantine())).toMatchObject([
      { index: 2, reason: expect.stringContaining('died 3 times') },
    ])
  })

  it('fills the batches of a batch handler, which wait for no company beyond their group', async () => {
    await die(70, ['a'], calls('a', 66, 66))
    const receiver = newReceiver()
    const batches: number[] = []
    receiver.onBatch(
      '*',
      { name: 'a', size: 25, maxWaitMs: 60_000 },
      async (events) => void batches.push(events.length),
    )
    await receiver.start()
    await receiver.whenIdle()
    expect(sizes()).toEqual([64, 2, 1, 3])
    expect(batches).toEqual([25, 25, 14, 2, 1, 3])
  })

  it('leaves what has not begun when the receiver stops in the middle of a group', async () => {
    await die(100, ['a'])
    const receiver = newReceiver()
    const begun: number[] = []
    const stopped = Promise.withResolvers<void>()
    receiver.on('*', { name: 'a', concurrency: 2 }, ({ delivery }) => {
      begun.push(delivery.index)
      return stopped.promise
    })
    await receiver.start()
    await settled()
    const closing = receiver.close({ timeoutMs: 1_000 })
    stopped.resolve()
    await closing
    const next = newReceiver()
    next.on('*', { name: 'a' }, ({ delivery }) => void begun.push(delivery.index))
    await next.start()
    await next.whenIdle()
    expect(begun.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })

  it('begins nothing of a group that was still being noted when its request was over', async () => {
    const first = newReceiver({ ack: 'handled', ackWithinMs: 1_000 })
    first.on('*', { name: 'a' }, () => new Promise(() => {}))
    void send(first, { body: pings(3) })
    await settled()
    const receiver = newReceiver({ ack: 'handled', ackWithinMs: 1_000 })
    const begun: number[] = []
    receiver.on('*', { name: 'a' }, ({ delivery }) => void begun.push(delivery.index))
    const durable = Promise.withResolvers<void>()
    noting = durable.promise
    const answer = send(receiver, { body: pings(3) })
    await settled()
    expect(sizes()).toEqual([3])
    await clock.advance(1_000)
    durable.resolve()
    expect(await answer).toMatchObject({ status: 503 })
    await settled()
    expect(begun).toEqual([])
    expect(await send(receiver, { body: pings(3) })).toMatchObject({ status: 200 })
    expect(begun).toEqual([0, 1, 2])
  })

  it('keeps the order of its keys', async () => {
    await die(100, ['a'])
    const receiver = newReceiver()
    const seen: number[] = []
    receiver.on('*', { name: 'a', orderBy: () => 'one' }, async ({ delivery }) => void seen.push(delivery.index))
    await receiver.start()
    await receiver.whenIdle()
    expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n))
    expect(sizes()).toEqual([64, 36])
  })

  it('waits for what is slow and parks nothing behind it, which would be called without a note', async () => {
    await die(3, ['a'])
    const receiver = newReceiver()
    const ends: (() => void)[] = []
    receiver.on('*', { name: 'a', orderBy: () => 'one' }, () => new Promise<void>((resolve) => ends.push(resolve)))
    await receiver.start()
    for (let n = 0; n < 3; n++) {
      await clock.advance(1_500)
      ends[n]?.()
    }
    await receiver.whenIdle()
    expect(ends).toHaveLength(3)
    expect(sizes()).toEqual([3])
    expect(claims).toBe(1)
  })

  it('gives way between the calls of a group', async () => {
    await die(10, ['a'])
    const receiver = newReceiver({ createPacer: strictPacer })
    const turns: number[] = []
    receiver.on('*', { name: 'a' }, () => void turns.push(breaths))
    await receiver.start()
    await receiver.whenIdle()
    expect(sizes()).toEqual([10])
    expect(new Set(turns).size).toBe(5)
  })
})

/** A slice is used up at the second look. */
function strictPacer() {
  let fresh = false
  return {
    spent() {
      const was = fresh
      fresh = false
      return !was
    },
    async breathe() {
      breaths++
      fresh = true
      await settled()
    },
  }
}
