/** Verbs that are told how many they may change: what was counted, and nothing beside it. */
import { expect, it } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sharded } from '../../../src/inboxes/sharded/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { Command } from '../../../src/ports/inbox/operations.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'

const JO = 'jo@shop.example'

/** Three events of JO that died for "a", and one element in quarantine. `before` runs ahead of each command of an operator. */
async function used() {
  const inbox = memory()
  const commands: Command['kind'][] = []
  let before: (() => Promise<unknown>) | null = null
  const { carryOut } = inbox[port]
  inbox[port].carryOut = (async (command: Command) => {
    commands.push(command.kind)
    const run = before
    before = null
    await run?.()
    return carryOut.call(inbox[port], command)
  }) as typeof carryOut
  const receiver = receiverIn(new FakeClock(), { inbox, handlers: { retry: { attempts: 1 } } })
  let isDown = true
  receiver.on('*', { name: 'a' }, () => {
    if (isDown) throw new Error('down')
  })
  await receiver.start()
  const post = async (...elements: object[]) => {
    await send(receiver, { body: JSON.stringify(elements) })
    await receiver.whenIdle()
  }
  const ping = { type: 'ping', to: JO }
  await post(ping, ping, ping, { bad: 1 })
  const stats = async () => {
    const { deadLetters, quarantined, cancelled, erased } = await receiver.inbox.stats()
    return { deadLetters, quarantined, cancelled, erased, events: (await all(receiver.inbox.person(JO))).length }
  }
  const died = () => post(ping)
  const mend = () => {
    isDown = false
  }
  return { receiver, commands, stats, died, mend, atCommand: (run: () => Promise<unknown>) => (before = run) }
}

type Used = Awaited<ReturnType<typeof used>>

const VERBS: Readonly<
  Record<
    string,
    { readonly matched: number; run(used: Used, options: object): Promise<{ matched: number; queued: number }> }
  >
> = {
  retry: { matched: 3, run: ({ receiver }, options) => receiver.inbox.retry({ handler: 'a' }, options) },
  drop: { matched: 4, run: ({ receiver }, options) => receiver.inbox.drop({ all: true }, options) },
  replay: { matched: 4, run: ({ receiver }, options) => receiver.inbox.replay({ all: true }, options) },
  'replay of dead letters': {
    matched: 3,
    run: ({ receiver }, options) => receiver.inbox.replay({ outcome: 'dead' }, options),
  },
  erase: { matched: 3, run: ({ receiver }, options) => receiver.inbox.erase({ email: JO }, options) },
}

it.each(Object.entries(VERBS))('%s changes nothing where more match', async (_, { matched, run }) => {
  const here = await used()
  const before = await here.stats()
  expect(await run(here, { dryRun: true, atMost: 0 })).toMatchObject({ matched, queued: 0 })
  await expect(run(here, { atMost: matched - 1 })).rejects.toMatchObject({ code: 'ERR_MORE_MATCHED' })
  await expect(run(here, { atMost: 0 })).rejects.toMatchObject({ code: 'ERR_MORE_MATCHED' })
  expect(await here.stats()).toEqual(before)
  expect(here.commands).toEqual([])
  expect((await here.receiver.inbox.actions()).length).toBe(0)
})

it.each(Object.entries(VERBS))('%s leaves what comes once it has counted', async (_, { matched, run }) => {
  const here = await used()
  // In the middle: counted, and nothing done yet.
  here.atCommand(() => here.died())
  const told: { matched: number; queued: number }[] = []
  const report = await run(here, {
    atMost: matched,
    onProgress: (one: { matched: number; queued: number }) => told.push({ ...one }),
  })
  expect(report.matched).toBe(matched)
  expect(report.queued).toBeLessThanOrEqual(matched)
  expect(told.length).toBeGreaterThan(0)
  const [latest] = await all(here.receiver.inbox.deliveries())
  const [event] = await all(here.receiver.inbox.events({ ids: [latest?.id ?? ''] }))
  expect(event?.email).toBe(JO)
  expect(await all(here.receiver.inbox.deadLetters({ ids: [event?.id ?? ''] }))).toHaveLength(1)
})

it('counts what waits for a handler that is gone, and what waits of a replay', async () => {
  const { receiver } = await used()
  await receiver.inbox.pause('a')
  const { run, matched } = await receiver.inbox.replay({ all: true })
  const waits = async () => (await receiver.inbox.stats()).replays[run]
  await expect(receiver.inbox.drop({ run }, { atMost: matched - 1 })).rejects.toMatchObject({
    code: 'ERR_MORE_MATCHED',
  })
  expect(await waits()).toBe(matched)
  expect(await receiver.inbox.drop({ run }, { atMost: matched })).toEqual({ matched, queued: matched })
  expect(await waits()).toBeUndefined()
})

it('gives nothing up where it is stopped while it counts', async () => {
  const { receiver } = await used()
  await receiver.inbox.pause('a')
  const { run, matched } = await receiver.inbox.replay({ all: true })
  const stopped = { atMost: matched, signal: AbortSignal.abort() }
  expect(await receiver.inbox.drop({ run }, stopped)).toEqual({ matched: 0, queued: 0 })
  expect((await receiver.inbox.stats()).replays[run]).toBe(matched)
})

it.each([-1, 1.5, Number.NaN, '3', null])('refuses %j as a bound', async (atMost) => {
  const { receiver } = await used()
  await expect(receiver.inbox.retry({ all: true }, { atMost: atMost as number })).rejects.toMatchObject({
    code: 'ERR_OPTION',
  })
})

/** An inbox of two, of which the first is far ahead: what comes to the second has lower numbers than what was there. */
async function uneven() {
  const inboxes = [memory(), memory()]
  const clock = new FakeClock()
  const newReceiver = (inbox: Inbox) => receiverIn(clock, { inbox })
  const alone = newReceiver(inboxes[0] as Inbox)
  for (let n = 0; n < 60; n++)
    await alone.inject('shop', JSON.stringify([{ type: 'ping', n, to: 'other@shop.example' }]))
  await alone.drain()
  await alone.close()
  const leaving = newReceiver(sharded({ inboxes, leaving: 1 }))
  await leaving.start()
  await leaving.close()
  const inbox = sharded({ inboxes, joining: 1 })
  const replayed: string[] = []
  const receiver = newReceiver(inbox)
  receiver.on('*', { name: 'a' }, ({ isReplay, delivery }) => {
    if (isReplay) replayed.push(delivery.id)
  })
  await receiver.start()
  let n = 0
  const come = async () => {
    for (let count = 0; count < 8; count++)
      await send(receiver, { body: JSON.stringify([{ type: 'ping', n: n++, to: JO }]) })
    await receiver.drain()
  }
  const ids = async () => (await all(receiver.inbox.deliveries())).map(({ id }) => id)
  await come()
  /** `run` once, before the second call: in the middle between counting and acting. */
  const before = <A extends unknown[], R>(call: (...args: A) => Promise<R>, run: () => Promise<unknown>) => {
    let calls = 0
    return async (...args: A): Promise<R> => {
      if (++calls === 2) await run()
      return call(...args)
    }
  }
  return { receiver, clock, records: inbox[port].records, replayed, come, ids, before }
}

it('erases nothing that came to any shard once it has counted', async () => {
  const { receiver, clock, records, come, before } = await uneven()
  const list = before(records.list.bind(records), come)
  records.list = ((kind, page) =>
    kind === 'deliveries' && page.isWhole
      ? list(kind, page)
      : Object.getPrototypeOf(records).list.call(records, kind, page)) as typeof records.list
  const erasing = receiver.inbox.erase({ email: JO }, { atMost: 8 })
  let isOver = false
  const over = erasing.finally(() => {
    isOver = true
  })
  // It pauses between the files of the shards.
  for (let turns = 0; !isOver && turns < 1_000; turns++) {
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(50)
  }
  expect(await over).toMatchObject({ matched: 8, queued: 8 })
  expect(await all(receiver.inbox.person(JO))).toHaveLength(8)
  await receiver.close()
})

it('replays nothing that came to any shard once it has counted', async () => {
  const { receiver, records, replayed, come, ids, before } = await uneven()
  const counted = await ids()
  records.history = before(records.history.bind(records), come)
  expect(await receiver.inbox.replay({ all: true }, { atMost: counted.length })).toMatchObject({
    matched: counted.length,
  })
  await receiver.drain()
  expect(replayed.sort()).toEqual(counted.sort())
  await receiver.close()
})

it('gives up nothing of a replay while a shard is away that may have more of it', async () => {
  const inbox = sharded({ inboxes: [memory(), memory()] })
  const receiver = receiverIn(new FakeClock(), { inbox })
  receiver.on('*', { name: 'a' }, () => {})
  await receiver.inject('shop', JSON.stringify([{ type: 'ping', to: JO }]))
  await receiver.drain()
  await receiver.inbox.pause('a')
  const { run } = await receiver.inbox.replay({ all: true })
  const { records } = inbox[port]
  const stats = records.stats.bind(records)
  records.stats = async () => ({ ...(await stats()), missingShards: [1] })
  await expect(receiver.inbox.drop({ run }, { atMost: 1 })).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  expect((await receiver.inbox.stats()).replays[run]).toBe(1)
  await receiver.close()
})
