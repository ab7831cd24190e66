/** Findings of pages, where the inbox fails and where other processes receive. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ViewRequest } from '../../../src/dashboard/types.ts'
import { findingsOf } from '../../../src/dashboard/views/load/findings.ts'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { Store } from '../../../src/inboxes/memory/store.ts'
import { port, watchDoor } from '../../../src/lib/symbols.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { pings, receiverIn } from '../../support/receivers.ts'

const MINUTE = 60_000
let clock: FakeClock
let store: Store
const open: { close(options?: object): Promise<unknown> }[] = []

beforeEach(() => {
  clock = new FakeClock()
  store = new Store()
})
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

async function replica() {
  const receiver = receiverIn(clock, { inbox: { kind: 'memory', [port]: new MemoryInbox(store, { beside: true }) } })
  open.push(receiver)
  receiver.on('*', { name: 'all' }, () => {})
  await receiver.start()
  const post = async () => {
    await send(receiver, { body: pings(1, () => ({ at: clock.now() })) })
    await receiver.whenIdle()
  }
  const asked = (inbox: object = receiver.inbox) =>
    ({ receiver: { [watchDoor]: receiver[watchDoor], inbox }, now: new Date(clock.now()) }) as unknown as ViewRequest
  const find = async () => (await findingsOf(asked())).map(({ id }) => id)
  return { receiver, post, asked, find }
}

async function minutes(count: number, post: () => unknown): Promise<void> {
  for (let n = 0; n < count; n++) {
    await post()
    await clock.advance(MINUTE)
  }
}

it('come again when the inbox does that failed at the first look', async () => {
  const { receiver, asked, find } = await replica()
  const tallies = () => {
    throw new Error('away')
  }
  await expect(findingsOf(asked({ ...receiver.inbox, tallies }))).rejects.toThrow('away')
  expect(await find()).toEqual([])
})

it('take no sender for silent that posts to another process', async () => {
  const [here, other] = [await replica(), await replica()]
  await minutes(300, other.post)
  expect(await here.find()).toEqual([])
  await minutes(60, other.post)
  expect(await here.find()).toEqual([])
  await minutes(60, () => {})
  expect(await here.find()).toEqual(['sender_silent'])
})
