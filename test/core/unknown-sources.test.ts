/** A process without a source that others have: what is stored of it waits for a process that knows it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'
import type { HandlerContext } from '../../src/public/handlers.ts'
import type { AnyEvent } from '../../src/types.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rememberingLogger } from '../support/log.ts'
import { inboxesInMemory } from '../support/mortal.ts'
import { send } from '../support/neutral.ts'
import { all, pings, receiverIn } from '../support/receivers.ts'
import { toy } from '../support/toy.ts'

let clock: FakeClock
let folder: string
let seen: string[]

beforeEach(() => {
  clock = new FakeClock()
  folder = mkdtempSync(join(tmpdir(), 'posthorn-sources-'))
  seen = []
})

afterEach(() => rmSync(folder, { recursive: true }))

const STORES: readonly (readonly [string, () => () => Inbox])[] = [
  ['memory', () => inMemory(inboxesInMemory())],
  ['SQLite', () => () => sqlite({ path: join(folder, 'inbox.db') })],
]

const inMemory = (inboxOf: ReturnType<typeof inboxesInMemory>) => () => inboxOf({ isDead: false })

describe.each(STORES)('a delivery of a source that a process does not know, in %s', (_name, newStore) => {
  let next: () => Inbox

  beforeEach(() => {
    next = newStore()
  })

  function newProcess(
    sources: readonly string[],
    handle = (event: AnyEvent, _: HandlerContext): void | Promise<void> => void seen.push(nameOf(event)),
    options: object = {},
  ) {
    const logger = rememberingLogger()
    const receiver = receiverIn(clock, {
      inbox: next(),
      sources: Object.fromEntries(sources.map((name) => [name, toy()])),
      logger,
    })
    receiver.on('toy.ping', { name: 'a', retry: { attempts: 5, minMs: 60_000, maxMs: 60_000 }, ...options }, handle)
    const told = () => logger.lines.filter(({ facts }) => 'event' in facts && facts.event === 'source.orphaned')
    return { receiver, told }
  }

  const nameOf = ({ source, delivery }: AnyEvent) => `${source} ${delivery.index}`

  it('waits, is counted and told of once, and is handled whole where its source is known', async () => {
    const first = newProcess(['shop', 'outlet'])
    await first.receiver.inbox.pause('a')
    await first.receiver.close()

    const storing = receiverIn(clock, {
      inbox: next(),
      sources: { shop: toy(), outlet: toy() },
      role: 'receive',
    })
    await send(storing, { source: 'outlet', body: pings(2) })
    await send(storing, { source: 'shop', body: pings(1) })
    await send(storing, { source: 'outlet', body: pings(3) })
    await storing.close()

    const { receiver, told } = newProcess(['shop'])
    await receiver.start()
    await receiver.inbox.resume('a')
    await receiver.whenIdle()
    expect(seen).toEqual(['shop 0'])
    expect(await all(receiver.inbox.quarantine())).toEqual([])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 2, quarantined: 0, orphanedSources: { outlet: 2 } })
    await send(receiver, { source: 'shop', body: pings(2) })
    await receiver.whenIdle()
    expect(seen).toEqual(['shop 0', 'shop 0', 'shop 1'])
    expect(told().map(({ facts }) => facts)).toEqual([{ event: 'source.orphaned', source: 'outlet' }])
    await receiver.addSource('outlet', toy())
    await receiver.whenIdle()
    expect(seen.slice(3).sort()).toEqual(['outlet 0', 'outlet 0', 'outlet 1', 'outlet 1', 'outlet 2'])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, orphanedSources: {} })
    await receiver.close()
  })

  it('waits with its retries, and holds neither those of others nor an order', async () => {
    let fails = true
    const handle = (event: AnyEvent) => {
      if (fails) throw new Error('not now')
      seen.push(nameOf(event))
    }
    const ordered = { orderBy: (event: AnyEvent) => event.source }
    const first = newProcess(['shop', 'outlet'], handle, ordered)
    await send(first.receiver, { source: 'outlet', body: pings(2) })
    await send(first.receiver, { source: 'shop', body: pings(2) })
    await first.receiver.whenIdle()
    await first.receiver.close()
    fails = false

    const second = newProcess(['shop'], handle, ordered)
    await second.receiver.start()
    await clock.advance(120_000)
    await second.receiver.whenIdle()
    expect(seen).toEqual(['shop 0', 'shop 1'])
    expect(await second.receiver.inbox.stats()).toMatchObject({ pending: 1, orphanedSources: { outlet: 1 } })
    await second.receiver.close()

    const third = newProcess(['shop', 'outlet'], handle, ordered)
    await third.receiver.start()
    await clock.advance(120_000)
    await third.receiver.whenIdle()
    expect(seen.slice(2)).toEqual(['outlet 0', 'outlet 1'])
    expect(await third.receiver.inbox.stats()).toMatchObject({ pending: 0, orphanedSources: {} })
    await third.receiver.close()
  })

  it('is handled to its end by the process that has removed the source', async () => {
    const release = Promise.withResolvers<void>()
    const { receiver, told } = newProcess(['shop', 'outlet'], async (event) => {
      await release.promise
      seen.push(nameOf(event))
    })
    await send(receiver, { source: 'outlet', body: pings(2) })
    receiver.removeSource('outlet')
    await send(receiver, { source: 'shop', body: pings(1) })
    release.resolve()
    await receiver.whenIdle()
    expect(seen.sort()).toEqual(['outlet 0', 'outlet 1', 'shop 0'])
    expect(told()).toEqual([])
    await receiver.close()
  })
})
