import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { Provider } from '../../../src/ports/provider.ts'
import { firstPass, handClock, newDelivery, openWith } from '../../inboxes/inbox-kit.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy, toyProvider } from '../../support/toy.ts'

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

/** A source of a later version: `bad` elements are read, pongs are not. */
const laterToy = () => {
  const read: Provider['read'] = (element) => {
    const { bad, ...wire } = element as { bad?: unknown; type?: string }
    if (wire.type === 'pong') return { unreadable: 'pongs are no longer taken', path: '/type' }
    return toyProvider.read(bad === 2 ? element : { type: 'ping', ...wire })
  }
  const source = toy()
  return { ...source, [port]: { ...source[port], provider: { ...toyProvider, read } } }
}

async function life(inbox: Inbox, sources: object, names: readonly string[] = ['a', 'b']) {
  await open.pop()?.close()
  const receiver = receiverIn(clock, { inbox, sources })
  open.push(receiver)
  const seen: string[] = []
  for (const name of names)
    receiver.on('*', { name }, (event) => void seen.push(`${name} ${event.delivery.index} ${event.isReplay}`))
  await receiver.start()
  await receiver.whenIdle()
  return { receiver, seen }
}

/** A delivery of pings, pongs and two that only a later version reads, or not even that. */
async function upgraded() {
  const inbox = memory()
  const { receiver: old } = await life(inbox, { shop: toy() })
  const body = '[{"type":"ping"},{"bad":1},{"type":"pong"},{"bad":2},{"bad":1}]'
  const { json } = await send(old, { body })
  await send(old, { body: '[{"type":"ping","n":2}]' })
  await old.whenIdle()
  expect(await old.inbox.stats()).toMatchObject({ quarantined: 3 })
  const now = await life(inbox, { shop: laterToy() })
  return { ...now, id: String(json.id) }
}

describe('the differences', () => {
  it('are what of the quarantine can be read now, under which names, and change nothing', async () => {
    const { receiver, id } = await upgraded()
    const readable = [1, 4].map((index) => ({ index, name: 'toy.ping' }))
    const difference = { deliveryId: id, source: 'shop', elements: { recorded: 5, now: 5 }, readable, unreadable: [] }
    expect(await all(receiver.inbox.differences())).toEqual([difference])
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 3, pending: 0 })
    expect(await all(receiver.inbox.differences({ source: 'shop' }))).toEqual([difference])
    await expect(all(receiver.inbox.differences({ source: 'outlet' }))).rejects.toMatchObject({ code: 'ERR_OPTION' })
    expect(await all(receiver.inbox.differences({ ids: [`${id}.4`] }))).toMatchObject([{ readable: [{ index: 4 }] }])
    expect(await all(receiver.inbox.differences({ ids: [`${id}.3`] }))).toEqual([])
  })

  it('are, where asked for, also what was handled and cannot be read any more', async () => {
    const { receiver, id } = await upgraded()
    const filter = { handled: true, since: START } as const
    expect(await all(receiver.inbox.differences(filter))).toMatchObject([
      { deliveryId: id, unreadable: [{ index: 2, reason: 'pongs are no longer taken', path: '/type' }] },
    ])
    expect(await all(receiver.inbox.differences({ handled: true, ids: [id] }))).toHaveLength(1)
    const refused = { code: 'ERR_OPTION', message: expect.stringContaining('give since') }
    await expect(all(receiver.inbox.differences({ handled: true }))).rejects.toMatchObject(refused)
  })

  it('are none where an element was erased, which is no event any more', async () => {
    const { receiver, seen } = await life(memory(), { shop: toy() }, ['a'])
    const { json } = await send(receiver, { body: '[{"type":"ping","to":"jo@shop.example"},{"type":"ping"}]' })
    await receiver.whenIdle()
    await receiver.inbox.erase({ email: 'jo@shop.example' })
    seen.length = 0
    expect(await all(receiver.inbox.differences({ handled: true, since: START }))).toEqual([])
    expect(await receiver.inbox.event(`${json.id}.0`)).toBeNull()
    expect(await receiver.inbox.replay({ name: 'toy.ping', since: START })).toMatchObject({ matched: 1 })
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(seen).toEqual(['a 1 true', 'a 1 true'])
  })

  it('are none where nothing has changed', async () => {
    const inbox = memory()
    const { receiver } = await life(inbox, { shop: toy() })
    await send(receiver, { body: '[{"type":"ping"},{"bad":1}]' })
    await send(receiver, { body: '{"type":' })
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 2 })
    expect(await all(receiver.inbox.differences())).toEqual([])
    expect(await all(receiver.inbox.differences({ handled: true, since: START }))).toEqual([])
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 0, queued: 0 })
  })
})

describe('reparse', () => {
  it('hands what can be read now to every handler of the delivery, as its first run', async () => {
    const { receiver, seen } = await upgraded()
    expect(await receiver.inbox.reparse({ all: true }, { dryRun: true })).toEqual({ matched: 2, queued: 0 })
    expect(seen).toEqual([])
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 2, queued: 2 })
    await receiver.whenIdle()
    expect(seen.sort()).toEqual(['a 1 false', 'a 4 false', 'b 1 false', 'b 4 false'])
    const left = await all(receiver.inbox.quarantine())
    expect(left.map(({ index }) => index)).toEqual([3])
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 0, queued: 0 })
  })

  it('takes a delivery that was quarantined whole', async () => {
    const store = new MemoryStore()
    const inbox = { kind: 'memory', [port]: new MemoryInbox(store) }
    const older = await openWith(new MemoryInbox(store), ['a', 'b'], handClock())
    await older.inbox.accept(newDelivery('x', { body: Buffer.from('[{"type":"ping"},{"bad":1}]') }))
    await older.claim()
    const whole = { index: null, reason: 'an older version could not read it', path: null, at: START.getTime() }
    await older.inbox.settle(firstPass(1, { events: null, quarantined: [whole] }))
    await older.inbox.close()
    const { receiver: second } = await life(inbox, { outlet: toy() })
    expect(await all(second.inbox.quarantine())).toMatchObject([{ index: null }])
    expect(await all(second.inbox.differences())).toEqual([])
    const { receiver, seen } = await life(inbox, { shop: toy() })
    expect(await all(receiver.inbox.differences())).toMatchObject([
      { elements: { recorded: null, now: 2 }, readable: [{ index: 0, name: 'toy.ping' }] },
    ])
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 1, queued: 1 })
    await receiver.whenIdle()
    expect(seen.sort()).toEqual(['a 0 false', 'b 0 false'])
    expect(await all(receiver.inbox.quarantine())).toMatchObject([{ index: 1 }])
    expect(await receiver.inbox.replay({ all: true })).toMatchObject({ matched: 2, queued: 2 })
    await receiver.whenIdle()
    expect(seen.slice(2).sort()).toEqual(['a 0 true', 'b 0 true'])
  })

  it('takes a delivery that an older version quarantined whole, since one byte of it is not UTF-8', async () => {
    const store = new MemoryStore()
    const older = await openWith(new MemoryInbox(store), ['a', 'b'], handClock())
    const body = Buffer.from('[{"type":"ping"},{"type":"ping","to":"J\xf6"},{"type":"ping"}]', 'latin1')
    await older.inbox.accept(newDelivery('x', { body }))
    const [claim] = await older.claim()
    const whole = { index: null, reason: 'the body is not UTF-8', path: null, at: START.getTime() }
    await older.inbox.settle(firstPass(claim!.delivery.seq, { events: null, quarantined: [whole] }))
    await older.inbox.close()
    const { receiver, seen } = await life({ kind: 'memory', [port]: new MemoryInbox(store) }, { shop: toy() })
    expect(seen).toEqual([])
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 2, queued: 2 })
    await receiver.whenIdle()
    expect(seen.sort()).toEqual(['a 0 false', 'a 2 false', 'b 0 false', 'b 2 false'])
    expect(await all(receiver.inbox.quarantine())).toMatchObject([
      { index: 1, reason: expect.stringContaining('not UTF-8') },
    ])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 1 })
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 0, queued: 0 })
  })

  it('leaves an event alone that the process has died of', async () => {
    const store = new MemoryStore()
    const inbox = { kind: 'memory', [port]: new MemoryInbox(store) }
    for (let death = 0; death < 3; death++) {
      const dying = await openWith(new MemoryInbox(store), ['a'], handClock())
      if (death === 0) await dying.inbox.accept(newDelivery('x', { body: Buffer.from('[{"type":"ping"}]') }))
      await dying.claim()
      await dying.inbox.note(1, [{ index: 0, handler: 'a' }])
    }
    const { receiver, seen } = await life(inbox, { shop: toy() }, ['a'])
    expect(await all(receiver.inbox.quarantine())).toMatchObject([{ index: 0 }])
    expect(seen).toEqual([])
    expect(await all(receiver.inbox.differences())).toEqual([])
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 0, queued: 0 })
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 1 })
  })

  it('keeps to its rate and stops with its signal', async () => {
    const inbox = memory()
    const { receiver: old } = await life(inbox, { shop: toy() })
    for (let n = 0; n < 3; n++) await send(old, { body: `[{"bad":1,"n":${n}}]` })
    await old.whenIdle()
    const { receiver } = await life(inbox, { shop: laterToy() })
    const controller = new AbortController()
    const reparsing = receiver.inbox.reparse({ all: true }, { ratePerSecond: 1, signal: controller.signal })
    await clock.advance(1_500)
    controller.abort()
    expect(await reparsing).toEqual({ matched: 2, queued: 2 })
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 1 })
  })

  it('takes those that are listed where there were too many, and leaves those that were handled', async () => {
    const inbox = memory()
    const { receiver: old } = await life(inbox, { shop: toy() }, ['a'])
    const bad = Array.from({ length: 10_002 }, () => ({ bad: 1 }))
    const { json } = await send(old, { body: JSON.stringify([{ type: 'ping' }, ...bad]) })
    await old.whenIdle()
    expect(await old.inbox.stats()).toMatchObject({ quarantined: 10_001 })
    const at = async (index: number) => (await old.inbox.event(`${json.id}.${index}`))?.progress[0]?.outcome
    expect([await at(0), await at(1), await at(10_002)]).toEqual(['done', 'quarantined', 'quarantined'])
    await old.inbox.replay({ all: true })
    await old.whenIdle()
    expect(await old.inbox.stats()).toMatchObject({ quarantined: 10_001 })
    const { receiver, seen } = await life(inbox, { shop: laterToy() }, ['a'])
    expect(await receiver.inbox.reparse({ all: true })).toEqual({ matched: 10_000, queued: 10_000 })
    await receiver.whenIdle()
    expect(seen).toHaveLength(10_000)
    expect(seen).not.toContain('a 0 false')
    expect(await all(receiver.inbox.quarantine())).toMatchObject([{ index: null }])
  })
})
