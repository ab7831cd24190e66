/** An inbox that fails for a while: what waits for it goes on when it works again, in order, and health says so meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { handClock, newDelivery, openWith } from '../../inboxes/inbox-kit.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { pings, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'
import { troubled } from '../../support/troubled.ts'

const MAY_FAIL = ['noteCalls', 'settle', 'firstSeen', 'wake', 'carryOut', 'claim', 'saveProgress'] as const

let store: MemoryStore
let clock: FakeClock
let failing: Set<(typeof MAY_FAIL)[number]>
let failures: number
let open: { close(options?: object): Promise<unknown> }[]

beforeEach(() => {
  store = new MemoryStore()
  clock = new FakeClock()
  failing = new Set()
  failures = 0
  open = []
})

afterEach(async () => {
  failing.clear()
  for (const receiver of open) await receiver.close({ timeoutMs: 0 })
})

function newReceiver(options: object = {}) {
  const inbox = troubled({ kind: 'memory', [port]: new MemoryInbox(store) }, MAY_FAIL, (name) => {
    failures += Number(failing.has(name))
    return failing.has(name)
  })
  const receiver = receiverIn(clock, { inbox, ...options })
  open.push(receiver)
  return receiver
}

/** A process that dies over a delivery of so many events. */
async function die(events: number, handler = 'a') {
  const ordered = { name: handler, formerly: [], ordered: true }
  const { inbox, claim } = await openWith(new MemoryInbox(store), [ordered], handClock())
  await inbox.accept(newDelivery('x', { body: Buffer.from(pings(events)) }))
  await claim()
}

const place = (event: AnyEvent) => `${event.delivery.size} ${event.delivery.index}`

/** Stores a delivery that nobody is told of. */
function putAside(body: string): void {
  store.add(newDelivery('y', { body: Buffer.from(body) }))
}

describe('an inbox that fails for a while', () => {
  it('at a note: the delivery goes on with it, before what comes after it in its order', async () => {
    await die(3)
    failing.add('noteCalls')
    const receiver = newReceiver()
    const seen: string[] = []
    receiver.on('*', { name: 'a', orderBy: () => 'one' }, (event) => void seen.push(place(event)))
    await receiver.start()
    await settled()
    await send(receiver, { body: pings(2) })
    await clock.advance(2_500)
    expect([seen, failures]).toEqual([[], 3])
    expect(await receiver.health()).toMatchObject({ reason: expect.stringContaining('work waits') })
    failing.clear()
    await clock.advance(1_000)
    await receiver.whenIdle()
    expect(seen).toEqual(['3 0', '3 1', '3 2', '2 0', '2 1'])
    expect(await receiver.health()).toMatchObject({ ready: true, reason: null, backlog: { deliveries: 0 } })
  })

  it('when keys of events are looked up: the delivery goes on, and absorbs copies', async () => {
    const receiver = newReceiver({ sources: { shop: toy({ dedupeWindowMs: 3_600_000 }) } })
    const seen: string[] = []
    receiver.on('*', { name: 'a' }, (event) => void seen.push(place(event)))
    failing.add('firstSeen')
    await send(receiver, { body: '[{"type":"ping","id":"x"}]' })
    await clock.advance(1_500)
    expect([seen, failures]).toEqual([[], 2])
    failing.clear()
    await clock.advance(1_000)
    await send(receiver, { body: '[{"type":"ping","id":"x"},{"type":"ping","id":"y"}]' })
    await receiver.whenIdle()
    expect(seen).toEqual(['1 0', '2 1'])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, duplicateEvents: { shop: 1 } })
  })

  it('at the end of a drain: the delivery goes back, and the next drain works it off', async () => {
    const receiver = newReceiver({ ack: 'handled' })
    let calls = 0
    receiver.on('*', { name: 'a', orderBy: () => 'one', concurrency: 2 }, () => void calls++)
    await receiver.start()
    putAside(pings(2))
    failing.add('settle')
    const drained = receiver.drain({ limitMs: 500 })
    await clock.advance(10_000)
    expect(await drained).toEqual({ settled: 0, pending: 1 })
    failing.clear()
    const again = receiver.drain()
    await clock.advance(10)
    expect(await again).toEqual({ settled: 1, pending: 0 })
    // What was over had been saved before the inbox failed.
    expect(calls).toBe(2)
  })

  it('inside a request: its repeat is answered once the inbox works', async () => {
    const receiver = newReceiver({ ack: 'handled', ackWithinMs: 100 })
    let calls = 0
    receiver.on('*', { name: 'a' }, () => void calls++)
    await receiver.start()
    failing.add('settle')
    const first = send(receiver, { body: pings(1) })
    await clock.advance(200)
    expect((await first).status).toBe(503)
    failing.clear()
    await clock.advance(1_000)
    const second = send(receiver, { body: pings(1) })
    await clock.advance(200)
    expect((await second).status).toBe(200)
    expect([calls, (await receiver.inbox.stats()).pending]).toEqual([1, 0])
  })

  it('at a pause: it is stored when the inbox works, as it is then', async () => {
    const receiver = newReceiver()
    let broken = true
    receiver.on('*', { name: 'a', retry: { minMs: 1_000, maxMs: 1_000, attempts: 1_000 } }, () => {
      if (broken) throw new Error('not now')
    })
    failing.add('carryOut')
    await send(receiver, { body: pings(30) })
    await clock.advance(20_000)
    expect(failures).toBeGreaterThan(1)
    expect(await receiver.inbox.stats()).toMatchObject({ paused: [] })
    failing.clear()
    await clock.advance(1_000)
    expect(await receiver.inbox.stats()).toMatchObject({ paused: [{ handler: 'a', by: 'failures' }] })
    failing.add('carryOut')
    broken = false
    await clock.advance(600_000)
    expect(await receiver.inbox.stats()).toMatchObject({ paused: [{ handler: 'a' }], pending: 0 })
    failing.clear()
    await clock.advance(1_000)
    expect(await receiver.inbox.stats()).toMatchObject({ paused: [] })
  })

  it('at progress that is saved: the next is saved with it', async () => {
    const receiver = newReceiver()
    const calls: PromiseWithResolvers<void>[] = []
    receiver.on('*', { name: 'a', concurrency: 4 }, () => {
      calls.push(Promise.withResolvers())
      return calls.at(-1)!.promise
    })
    failing.add('saveProgress')
    await send(receiver, { body: pings(4) })
    await settled()
    calls[0]!.resolve()
    await clock.advance(1_000)
    expect(failures).toBe(1)
    failing.clear()
    calls[2]!.resolve()
    await clock.advance(1_000)

    const { claim } = await openWith(new MemoryInbox(store), ['a'], handClock())
    const over = [
      [0, 0],
      [2, 2],
    ]
    expect(await claim()).toMatchObject([{ progress: [{ over: { a: over } }] }])
    for (const call of calls) call.resolve()
  })
})
