import { afterEach, beforeEach, expect, it } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'

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

/** Handlers of every kind, over a delivery with an element of every kind. */
async function handled(inbox = memory()) {
  const receiver = newReceiver({ inbox })
  receiver.on('*', { name: 'all' }, () => {})
  receiver.on('toy.ping', { name: 'shaky' }, () => {
    throw new Error('no')
  })
  receiver.on('toy.pong', { name: 'dying', retry: { attempts: 1 } }, () => {
    throw new Error('no')
  })
  receiver.on('toy.pong', { name: 'elsewhere', source: 'outlet' }, () => {})
  const { json } = await send(receiver, { body: '[{"type":"ping"},{"type":"pong"},{"bad":1}]' })
  await receiver.whenIdle()
  return { receiver, id: String(json.id) }
}

it('tells of an event what it is and where it stands for each handler that asks for it', async () => {
  const { receiver, id } = await handled()
  expect(await receiver.inbox.event(`${id}.0`)).toMatchObject({
    event: { id: `${id}.0`, name: 'toy.ping', run: null, isReplay: false, delivery: { index: 0, size: 3 } },
    progress: [
      { handler: 'all', outcome: 'done', attempts: null },
      { handler: 'shaky', outcome: 'pending', attempts: 1 },
    ],
  })
  expect((await receiver.inbox.event(`${id}.1`))?.progress).toEqual([
    { handler: 'all', outcome: 'done', attempts: null },
    { handler: 'dying', outcome: 'dead', attempts: 1 },
  ])
})

it('tells of an element that cannot be read that it is in quarantine', async () => {
  const { receiver, id } = await handled()
  const found = await receiver.inbox.event(`${id}.2`)
  expect(found?.event).toMatchObject({ name: 'toy.unknown', payload: {} })
  expect(new Set(found?.progress.map(({ outcome }) => outcome))).toEqual(new Set(['quarantined']))
})

it('tells of an event that nobody asks for that nobody does', async () => {
  const receiver = newReceiver()
  receiver.on('toy.ping', () => {})
  const { json } = await send(receiver, { body: '[{"type":"pong"}]' })
  await receiver.whenIdle()
  expect(await receiver.inbox.event(`${json.id}.0`)).toMatchObject({ event: { name: 'toy.pong' }, progress: [] })
})

it('tells of an event that has not been handled yet who will get it', async () => {
  const receiver = newReceiver()
  receiver.on('toy.ping', { name: 'a' }, () => new Promise(() => {}))
  const { json } = await send(receiver)
  await expect
    .poll(async () => (await receiver.inbox.event(`${json.id}.0`))?.progress)
    .toEqual([{ handler: 'a', outcome: 'pending', attempts: 0 }])
})

it('counts a replay as pending for those alone whom it is about', async () => {
  const { receiver, id } = await handled()
  await receiver.inbox.pause('all')
  await receiver.inbox.replay({ name: 'toy.pong', since: new Date(0), to: ['all'] })
  await receiver.whenIdle()
  const outcomes = async (index: number) =>
    (await receiver.inbox.event(`${id}.${index}`))?.progress.find(({ handler }) => handler === 'all')?.outcome
  expect([await outcomes(0), await outcomes(1)]).toEqual(['done', 'pending'])
})

it('knows of handlers that are not here only what waits or failed', async () => {
  const inbox = memory()
  const { receiver: first, id } = await handled(inbox)
  await first.close({ timeoutMs: 1 })
  const receiver = newReceiver({ inbox })
  expect((await receiver.inbox.event(`${id}.0`))?.progress).toEqual([
    { handler: 'shaky', outcome: 'pending', attempts: 1 },
  ])
})

it('is null where there is no such event, and refuses what is no id of one', async () => {
  const { receiver, id } = await handled()
  expect(await receiver.inbox.event(`${id}.3`)).toBeNull()
  expect(await receiver.inbox.event('d_aaaaaaaaaaaaaaaaaaaaaaaaaa.0')).toBeNull()
  for (const wrong of [id, 'nonsense', ''])
    await expect(receiver.inbox.event(wrong)).rejects.toMatchObject({ code: 'ERR_OPTION' })
})
