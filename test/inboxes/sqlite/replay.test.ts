/** Replays of a file: beside its owner, and over the death of the process. */
import { afterEach, expect, it, vi } from 'vitest'
import { unauthenticated } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import type { AnyEvent } from '../../../src/index.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { Child } from '../../support/child.ts'
import { meddle, newFile } from './kit.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function receiverOn(path: string, role: 'both' | 'control' = 'both') {
  const receiver = createReceiver({
    inbox: sqlite({ path }),
    sources: { news: mailjet({ auth: unauthenticated() }) },
    logger: false,
    role,
  })
  closing.push(() => receiver.close())
  return receiver
}

function working(path: string) {
  const receiver = receiverOn(path)
  const seen: AnyEvent[] = []
  receiver.on('*', { name: 'work' }, (event) => void seen.push(event))
  return { receiver, seen }
}

const opens = (...ids: number[]) => ids.map((MessageID) => ({ event: 'open', time: 1_700_000_000, MessageID }))

it('is asked for and counted beside the owner of the file, who carries it out', async () => {
  const path = newFile()
  const { receiver, seen } = working(path)
  await receiver.inject('news', [...opens(1, 2), { event: 'click', time: 1_700_000_000, MessageID: 3 }])
  await receiver.whenIdle()
  seen.length = 0
  const control = receiverOn(path, 'control')
  const filter = { name: 'mailjet.open', since: new Date(0) } as const
  expect(await control.inbox.replay(filter, { dryRun: true })).toMatchObject({ matched: 2, queued: 0 })
  const { run, queued } = await control.inbox.replay(filter)
  expect(queued).toBe(2)
  await vi.waitFor(() =>
    expect(seen.map((event) => [event.messageId, event.run])).toEqual([1, 2].map((n) => [`${n}`, run])),
  )
  await receiver.whenIdle()
  await receiver.inbox.pause('work')
  const waiting = await control.inbox.replay({ all: true })
  expect((await control.inbox.stats()).replays).toEqual({ [waiting.run]: 3 })
  expect(await control.inbox.drop({ run: waiting.run })).toEqual({ matched: 3, queued: 3 })
  expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, replays: {} })
  const id = seen[0]?.id ?? ''
  expect((await control.inbox.event(id))?.event).toMatchObject({ name: 'mailjet.open', messageId: '1' })
  await expect(control.inbox.replay({ since: filter.since, outcome: 'unhandled' })).rejects.toMatchObject({
    code: 'ERR_OPTION',
    message: expect.stringContaining('register them'),
  })
}, 20_000)

it('is carried out where nobody owns the file, by the next owner', async () => {
  const path = newFile()
  const first = working(path)
  await first.receiver.inject('news', opens(1, 2))
  await first.receiver.whenIdle()
  await first.receiver.close()
  const control = receiverOn(path, 'control')
  const { run } = await control.inbox.replay({ all: true, to: ['work'] })
  const { receiver, seen } = working(path)
  await receiver.start()
  await vi.waitFor(() => expect(seen.map((event) => event.run)).toEqual([run, run]))
})

it('goes beside live traffic: both are handled, each once', async () => {
  const { receiver, seen } = working(newFile())
  for (let n = 1; n <= 20; n++) await receiver.inject('news', opens(n))
  await receiver.whenIdle()
  seen.length = 0
  const replaying = receiver.inbox.replay({ all: true })
  for (let n = 100; n < 120; n++) await receiver.inject('news', opens(n))
  const { queued } = await replaying
  await receiver.whenIdle()
  const ids = (isReplay: boolean) => seen.filter((event) => event.isReplay === isReplay).map((event) => event.messageId)
  const numbers = (from: number, length = 20) => Array.from({ length }, (_, n) => `${from + n}`)
  // The first of the live ones may be settled before the replay looks what is there.
  const replayed = [...numbers(1), ...numbers(100, queued - 20)]
  expect([ids(true).sort(), ids(false).sort()]).toEqual([replayed.sort(), numbers(100).sort()])
})

it('ends in quarantine where the stored bytes are damaged, and nothing is left of it', async () => {
  const path = newFile()
  const first = working(path)
  for (const n of [1, 2]) await first.receiver.inject('news', opens(n))
  await first.receiver.whenIdle()
  await first.receiver.close()
  meddle(path, (db) => db.exec("UPDATE delivery SET body = x'00' WHERE seq = 1"))
  const { receiver, seen } = working(path)
  const filter = { name: 'mailjet.open', since: new Date(0) } as const
  expect(await receiver.inbox.replay(filter, { dryRun: true })).toMatchObject({ matched: 1, unreadable: 1 })
  expect(await receiver.inbox.replay({ all: true })).toMatchObject({ matched: 2, queued: 2 })
  await receiver.whenIdle()
  expect(seen.map((event) => event.messageId)).toEqual(['2'])
  expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 1, replays: {} })
})

it('goes on after the process was killed, with the same run', async () => {
  const path = newFile()
  const child = new Child('test/support/replay-child.ts', [path])
  const { run, queued } = await child.line('run')
  expect(queued).toBe(3)
  await child.line('replayed')
  await child.kill()
  const { receiver, seen } = working(path)
  await receiver.start()
  await receiver.whenIdle()
  expect(seen.map((event) => event.messageId).sort()).toEqual(['1', '2', '3'])
  expect(new Set(seen.map((event) => event.run))).toEqual(new Set([run]))
  expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, replays: {} })
})
