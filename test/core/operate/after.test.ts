import { afterEach, beforeEach, expect, it } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sharded } from '../../../src/inboxes/sharded/index.ts'
import type { ListProgress, Receiver } from '../../../src/index.ts'
import { letterName } from '../../../src/lib/letter-name.ts'
import { around } from '../../faults/harness/around.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const START = Date.UTC(2026, 5, 15)
let receiver: Receiver<never>

/** Three deliveries of two events that two handlers fail at, and of something that nobody can read. */
beforeEach(async () => {
  const clock = new FakeClock(START)
  const made = receiverIn(clock, { sources: { shop: toy() }, handlers: { retry: { attempts: 1 } } })
  for (const name of ['a', 'b/c'])
    made.on('*', { name }, () => {
      throw new Error('no')
    })
  for (const n of [1, 2, 3]) {
    await send(made, { body: JSON.stringify([{ type: 'ping', n }, { type: 'pong', n }, { bad: n }]) })
    await made.whenIdle()
    await clock.advance(1_000)
  }
  receiver = made as unknown as Receiver<never>
})

afterEach(() => receiver.close())

const since = new Date(0)
const LISTINGS = {
  deliveries: async (after: object) => (await all(receiver.inbox.deliveries(after))).map(({ id }) => id),
  events: async (after: object) => (await all(receiver.inbox.events({ since, ...after }))).map(({ id }) => id),
  deadLetters: async (after: object) =>
    (await all(receiver.inbox.deadLetters(after))).map(({ event, handler }) => `${event.id}/${handler}`),
  quarantine: async (after: object) =>
    (await all(receiver.inbox.quarantine(after))).map(({ deliveryId, index }) => `${deliveryId}.${index}`),
}

it.each([
  ['deliveries', 3],
  ['events', 6],
  ['deadLetters', 12],
  ['quarantine', 3],
] as const)('%s go on behind each of their rows', async (listing, count) => {
  const list = LISTINGS[listing]
  const whole = await list({})
  expect(whole).toHaveLength(count)
  for (const [at, after] of whole.entries()) expect(await list({ after }), after).toEqual(whole.slice(at + 1))
})

it('tells dead letters of an event in its first run and in replays apart', async () => {
  const list = async (after: object) =>
    (await all(receiver.inbox.deadLetters(after))).map(({ event, handler }) => letterName(event, handler))
  for (const _ of [1, 2]) {
    await receiver.inbox.replay({ since, to: ['a', 'b/c'] })
    await receiver.whenIdle()
  }
  const whole = await list({})
  expect(new Set(whole).size).toBe(36)
  for (const [at, after] of whole.entries()) expect(await list({ after }), after).toEqual(whole.slice(at + 1))
})

it('goes with the other fields, but not with several ids', async () => {
  const [newest = '', second = '', oldest = ''] = await LISTINGS.deliveries({})
  expect(await LISTINGS.deliveries({ after: newest, until: new Date(START + 1_000) })).toEqual([oldest])
  expect(await LISTINGS.events({ after: second, type: 'complained' })).toEqual([`${oldest}.1`])
  expect(await LISTINGS.events({ after: `${second}.1`, ids: [second] })).toEqual([`${second}.0`])
  expect(await LISTINGS.events({ after: `${second}.1`, ids: [`${second}.1`] })).toEqual([])
  for (const list of [LISTINGS.deliveries, LISTINGS.events, LISTINGS.quarantine])
    await expect(list({ after: newest, ids: [second, oldest] })).rejects.toMatchObject({ code: 'ERR_OPTION' })
})

it('refuses what is no row, and what is not there any more', async () => {
  const [newest = ''] = await LISTINGS.deliveries({})
  const gone = `d_${'a'.repeat(26)}`
  for (const after of [gone, 'shop', '', 7])
    for (const list of [LISTINGS.deliveries, LISTINGS.events, LISTINGS.quarantine])
      await expect(list({ after })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  for (const after of [
    newest,
    `${newest}.0`,
    `${newest}.0/`,
    `${newest}.0/d`,
    `${newest}/a`,
    `${gone}.0/a`,
    `${newest}.0@r_a/a`,
  ])
    await expect(LISTINGS.deadLetters({ after })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  await receiver.inbox.drop({ ids: [`${newest}.0`] })
  await expect(LISTINGS.deadLetters({ after: `${newest}.0/a` })).rejects.toMatchObject({ code: 'ERR_OPTION' })
})

it.each([
  ['one log', () => memory()],
  ['two shards', () => sharded({ inboxes: [memory(), memory()] })],
])('refuses an id that stands twice, in %s: behind it a walk would begin again', async (_, inbox) => {
  const clock = new FakeClock(START)
  // As if two hashes were equal.
  const twin = `d_${'b'.repeat(26)}`
  const made = receiverIn(clock, {
    inbox: around(inbox(), ({ accept }) => ({
      accept: (delivery, options) => accept(isTwin(delivery.body) ? { ...delivery, id: twin } : delivery, options),
    })),
    handlers: { retry: { attempts: 1 } },
  })
  made.on('*', { name: 'a' }, () => {
    throw new Error('no')
  })
  for (const n of ['twin 1', 2, 'twin 3', 4]) {
    await made.inject('shop', [{ type: 'ping', n }, { bad: n }])
    await made.whenIdle()
  }
  const { inbox: control } = made as unknown as Receiver<never>
  const twins = (await all(control.deliveries())).filter(({ id }) => id === twin)
  expect(twins).toHaveLength(2)
  const refused = { code: 'ERR_OPTION', message: expect.stringContaining('twice') }
  await expect(all(control.deliveries({ after: twin }))).rejects.toMatchObject(refused)
  await expect(all(control.deliveries({ after: twin, filter: 'source:shop' }))).rejects.toMatchObject(refused)
  await expect(all(control.events({ since, after: `${twin}.0` }))).rejects.toMatchObject(refused)
  await expect(all(control.deadLetters({ after: `${twin}.0/a` }))).rejects.toMatchObject(refused)
  await expect(all(control.quarantine({ after: `${twin}.1` }))).rejects.toMatchObject(refused)
  await expect(control.replay({ since }, { after: twin })).rejects.toMatchObject(refused)
  await made.close()
})

const isTwin = (body: Uint8Array): boolean => Buffer.from(body).includes('twin')

it('goes on behind the last delivery that a look has read', async () => {
  const read: string[] = []
  const onProgress = ({ deliveryId }: { deliveryId: string }) => void read.push(deliveryId)
  await all(receiver.inbox.person('nobody@shop.example', {}, { onProgress }))
  expect(read).toEqual(await LISTINGS.deliveries({}))
  const left: string[] = []
  await all(
    receiver.inbox.person(
      'nobody@shop.example',
      { after: read[0] ?? '' },
      { onProgress: (at) => void left.push(at.deliveryId) },
    ),
  )
  expect(left).toEqual(read.slice(1))
})

it('gives way between rows: an element may have a megabyte', async () => {
  let breaths = 0
  const breathe = async () => void breaths++
  const made = receiverIn(new FakeClock(START), { handlers: { retry: { attempts: 1 } } }, () => ({
    spent: () => true,
    breathe,
  }))
  made.on('*', { name: 'a' }, () => {
    throw new Error('no')
  })
  await made.inject(
    'shop',
    Array.from({ length: 20 }, () => ({ type: 'ping' })),
  )
  await made.whenIdle()
  breaths = 0
  expect(await all(made.inbox.deadLetters())).toHaveLength(20)
  expect(breaths).toBe(20)
  await made.close()
})

it.each([
  ['deliveries', 'size:>9000000'],
  ['deadLetters', 'attempts:>99'],
  ['quarantine', '-provider:toy'],
] as const)('%s that match nothing end at a signal, and say where they go on', async (listing, filter) => {
  for (let n = 10; n < 1_015; n++) await receiver.inject('shop', [{ type: 'ping', n }, { bad: n }])
  await receiver.whenIdle()
  const stop = new AbortController()
  const progress: ListProgress[] = []
  const onProgress = (one: ListProgress) => {
    progress.push(one)
    stop.abort()
  }
  const found = receiver.inbox[listing]({ filter }, { signal: stop.signal, onProgress })
  expect(await all(found as AsyncIterable<unknown>)).toEqual([])
  expect(progress).toEqual([{ rows: expect.any(Number), found: 0, place: expect.any(String) }])
  const [{ rows = 0, place = '' } = {}] = progress
  const whole = await LISTINGS[listing]({})
  expect(rows).toBeLessThan(whole.length)
  expect(await LISTINGS[listing]({ after: place })).toEqual(whole.slice(rows))
})
