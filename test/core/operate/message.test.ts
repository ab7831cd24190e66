import { afterEach, expect, it } from 'vitest'
import { unauthenticated } from '../../../src/auth/index.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { createReceiver } from '../../../src/index.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'

const auth = unauthenticated()
const receiver = createReceiver({
  inbox: memory(),
  sources: { mj: mailjet({ auth }), mo: momentum({ auth }) },
  logger: false,
})

afterEach(() => receiver.close())

const click = (message_id: string, timestamp: string) => ({
  msys: { track_event: { type: 'click', event_id: timestamp, message_id, timestamp, rcpt_to: 'jo@shop.example' } },
})

it('is told by its events, in the order in which they happened', async () => {
  receiver.on('*', { name: 'all' }, () => {})
  await receiver.inject('mo', JSON.stringify([click('abc-2', '1460989509'), click('abc-1', '1460989510')]))
  await receiver.inject('mo', JSON.stringify([click('abc-1', '1460989508')]))
  await receiver.inject(
    'mj',
    '[{"event":"open","time":1460989512,"email":"jo@shop.example","MessageID":19421777396190490}]',
  )
  await receiver.whenIdle()
  const found = await receiver.inbox.message('abc-1')
  expect(found?.messageId).toBe('abc-1')
  expect(found?.events.map(({ occurredAt }) => +occurredAt / 1_000)).toEqual([1460989508, 1460989510])
  // Beyond 2^53, where the sender's number has no exact one in JavaScript.
  expect((await receiver.inbox.message('19421777396190490'))?.events.map(({ type }) => type)).toEqual(['opened'])
  expect(await receiver.inbox.message('abc')).toBeNull()
  expect(await receiver.inbox.message('abc-1', { source: 'mj' })).toBeNull()
  expect((await receiver.inbox.message('abc-1', { filter: 'source:mo type:clicked' }))?.events).toHaveLength(2)
  expect(await receiver.inbox.message('abc-1', { filter: '-type:clicked' })).toBeNull()
  await expect(receiver.inbox.message('')).rejects.toMatchObject({ code: 'ERR_OPTION' })
})

it.each([
  ['a "quoted" one', '\\"'],
  ['back\\slash', '\\\\'],
  ['a/slash', '\\/'],
])('is found where its id is written with escapes: %s', async (id, written) => {
  const made = createReceiver({ inbox: memory(), sources: { mo: momentum({ auth }) }, logger: false })
  made.on('*', { name: 'all' }, () => {})
  const body = JSON.stringify([click(id, '1460989509')]).replaceAll(/(?<!\\)\//g, '\\/')
  expect(body).toContain(written)
  await made.inject('mo', body)
  await made.whenIdle()
  expect((await made.inbox.message(id))?.events).toHaveLength(1)
  await made.close()
})
