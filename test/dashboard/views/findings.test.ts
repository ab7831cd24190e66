/** Findings of pages, where the inbox fails and where other processes receive. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AlertsOptions, alerts, type Finding } from '../../../src/alerts/index.ts'
import { header } from '../../../src/auth/index.ts'
import type { ViewRequest } from '../../../src/dashboard/types.ts'
import { findingsOf } from '../../../src/dashboard/views/load/findings.ts'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { PermanentError } from '../../../src/index.ts'
import { port, watchDoor } from '../../../src/lib/symbols.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { pings, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const MINUTE = 60_000
let clock: FakeClock
let store: MemoryStore
const open: { close(options?: object): Promise<unknown> }[] = []

beforeEach(() => {
  clock = new FakeClock()
  store = new MemoryStore()
})
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

async function replica(options: object = {}) {
  const inbox = { kind: 'memory', [port]: new MemoryInbox(store, { beside: true }) }
  const receiver = receiverIn(clock, { inbox, ...options })
  open.push(receiver)
  receiver.on('*', { name: 'all', retry: { attempts: 1 } }, ({ type }) => {
    if (type === 'complained') throw new PermanentError('no')
  })
  await receiver.start()
  const post = async () => {
    await send(receiver, { body: pings(1, () => ({ at: clock.now() })) })
    await receiver.whenIdle()
  }
  const asked = (inbox: object = receiver.inbox) =>
    ({ receiver: { [watchDoor]: receiver[watchDoor], inbox }, now: new Date(clock.now()) }) as unknown as ViewRequest
  const find = async () => (await findingsOf(asked())).map(({ id }) => id)
  return { receiver, inbox: inbox[port], post, asked, find }
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

describe('of several processes', () => {
  const sources = () => ({ shop: toy({ auth: header('x-key', 'a-secret-of-some-length') }) })
  const told: Finding[] = []
  beforeEach(() => void told.splice(0))

  /** A process with alerts, which look when they are asked to. */
  async function watched(options: Partial<AlertsOptions> = {}, more: object = {}) {
    const made = await replica(more)
    const watch = alerts(made.receiver, { notify: (finding) => void told.push(finding), every: '1000d', ...options })
    return { ...made, watch }
  }
  const rowsOf = async ({ asked }: Awaited<ReturnType<typeof replica>>) =>
    (await findingsOf(asked())).map(({ id, about, severity, since }) => [id, about, severity, since])
  const toldRows = () => told.map(({ id, about, severity, since }) => [id, about, severity, since.toISOString()])

  it('are those that alerts tell, wherever it was counted, since then', async () => {
    const [a, b] = [await watched({}, { sources: sources() }), await watched({}, { sources: sources() })]
    expect(await b.find()).toEqual([])
    for (let n = 0; n < 101; n++) await send(a.receiver, { headers: ['x-key', 'wrong'] })
    await clock.advance(MINUTE)
    await a.watch.check()
    expect(told.map(({ id }) => id)).toEqual(['credentials_refused'])
    await clock.advance(MINUTE)
    expect(await rowsOf(b)).toEqual(toldRows())
    expect(await rowsOf(a)).toEqual(toldRows())
  })

  it('say what is counted now, in the place of what was told an hour ago', async () => {
    const a = await watched({ rules: { off: ['backlog_old'] } })
    const dying = async (n: number) => {
      await send(a.receiver, { body: JSON.stringify([{ type: 'pong', n }]) })
      await a.receiver.whenIdle()
    }
    await dying(0)
    await a.watch.check()
    await dying(1)
    await clock.advance(MINUTE)
    const [found, ...others] = await findingsOf(a.asked())
    expect([found?.text, others]).toEqual(['handler "all" failed 2 events for good in 15 minutes', []])
    expect(told.map(({ text }) => text)).toEqual(['handler "all" failed 1 events for good in 15 minutes'])
    clock.leap(5 * 60 * MINUTE)
    await a.watch.check()
    await clock.advance(1_000)
    expect((await findingsOf(a.asked())).map(({ id }) => id)).toEqual(['dead_letters'])
    await clock.advance(16 * MINUTE)
    await a.watch.check()
    await clock.advance(1_000)
    expect(await findingsOf(a.asked())).toEqual([])
    expect(told.map(({ state }) => state)).toEqual(['begun', 'ended'])
  })

  it('are counted together: what no process finds alone', async () => {
    // Nobody has it: only the counts are shared.
    const notify = () => Promise.reject(new Error('the pager is down'))
    const [a, b] = [
      await watched({ notify }, { sources: sources() }),
      await watched({ notify }, { sources: sources() }),
    ]
    for (const { receiver } of [a, b])
      for (let n = 0; n < 60; n++) await send(receiver, { headers: ['x-key', 'wrong'] })
    expect([await a.find(), await b.find()]).toEqual([[], []])
    await a.watch.check()
    await b.watch.check()
    await clock.advance(MINUTE)
    expect([await a.find(), await b.find()]).toEqual([['credentials_refused'], ['credentials_refused']])
  })

  it('have what another finds of itself, for as long as it stands', async () => {
    const [a, b] = [await watched(), await watched()]
    const trouble = vi.spyOn(a.inbox.intake, 'trouble').mockReturnValue('the disk is full')
    await a.watch.check()
    expect(await rowsOf(b)).toEqual(toldRows())
    trouble.mockReturnValue(null)
    await a.watch.check()
    await clock.advance(MINUTE)
    expect(await b.find()).toEqual([])
  })

  it('are not those of a process that is gone', async () => {
    const [a, b] = [await watched(), await replica()]
    vi.spyOn(a.inbox.intake, 'trouble').mockReturnValue('the disk is full')
    await a.watch.check()
    expect(await b.find()).toEqual(['storage_refuses'])
    await a.receiver.close({ timeoutMs: 0 })
    await clock.advance(4 * MINUTE)
    expect(await b.find()).toEqual([])
  })

  it('keep to the rules of the alerts, here and of other processes', async () => {
    const rules: AlertsOptions['rules'] = { silence: { shop: '30m' } }
    const [a, b] = [await watched({ rules }), await replica()]
    await b.post()
    await clock.advance(31 * MINUTE)
    expect([await a.find(), await b.find()]).toEqual([['sender_silent'], []])
    await a.watch.check()
    await clock.advance(1_000)
    expect(await b.find()).toEqual(['sender_silent'])
    const quiet = await watched({ rules: { off: ['dead_letters'] }, name: 'other' })
    await send(quiet.receiver, { body: '[{"type":"pong"}]' })
    await quiet.receiver.whenIdle()
    expect(await quiet.find()).not.toContain('dead_letters')
  })

  it('are found without alerts too, by what the inbox has counted, and once', async () => {
    const [a, b] = [await replica(), await replica()]
    expect(await b.find()).toEqual([])
    await clock.advance(5 * MINUTE)
    await send(a.receiver, { body: '[{"type":"pong"}]' })
    await a.receiver.whenIdle()
    await clock.advance(MINUTE)
    for (const one of [a, b])
      expect((await findingsOf(one.asked())).map(({ text }) => text)).toEqual([
        'handler "all" failed 1 events for good in 15 minutes',
      ])
  })

  it('are told where what is shared cannot be read, or is no JSON', async () => {
    const [a, b] = [await watched(), await replica()]
    await send(b.receiver, { body: '[{"type":"pong"}]' })
    await b.receiver.whenIdle()
    await a.inbox.memos.write('alerts:all', '{{', null)
    expect(await b.find()).toEqual(['dead_letters'])
    vi.spyOn(b.inbox.memos, 'read').mockRejectedValue(new Error('away'))
    await clock.advance(MINUTE)
    expect(await b.find()).toEqual(['dead_letters'])
  })
})
