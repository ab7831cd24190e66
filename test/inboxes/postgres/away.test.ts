/** A database that keeps its connections and answers nothing: a way on which nothing comes through, a machine that hangs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { realAfter } from '../../../src/inboxes/postgres/life/upkeep.ts'
import { type CuttingProxy, startProxy } from '../../support/cutting-proxy.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { toy } from '../../support/toy.ts'
import { openWith } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

const body = [{ type: 'ping', to: 'jo@shop.example' }]

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let proxy: CuttingProxy

  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
    proxy = await startProxy(server.port)
  }, 60_000)
  afterAll(async () => {
    await proxy.close()
    server.remove()
  }, 60_000)

  const hangs = {
    'nothing comes through': {
      begin: () => proxy.pause(),
      end: () => proxy.resume(),
      url: () => `postgres://postgres@127.0.0.1:${proxy.port}/postgres`,
    },
    'the server is stopped': { begin: () => server.freeze(), end: () => server.thaw(), url: () => server.url },
  }
  const WAYS = Object.keys(hangs) as (keyof typeof hangs)[]

  function newReceiver(way: keyof typeof hangs) {
    return createReceiver({
      inbox: postgres({ connectionString: hangs[way].url(), schema: newSchema(), durability: 'relaxed' }),
      sources: { shop: toy() },
      logger: false,
    })
  }

  const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length

  it.each(WAYS)(
    'a close with work under way ends in its time, and leaves nothing behind: %s',
    {
      timeout: 15_000,
    },
    async (way) => {
      const before = sockets()
      const receiver = newReceiver(way)
      const begun = Promise.withResolvers<void>()
      receiver.on('*', { name: 'a' }, (_event, { signal }) => {
        begun.resolve()
        return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      })
      await receiver.start()
      await receiver.inject('shop', body)
      await begun.promise
      hangs[way].begin()
      try {
        const injected = receiver.inject('shop', [...body, ...body]).catch((error: unknown) => error)
        expect(await receiver.close({ timeoutMs: 300 })).toEqual({ drained: false, returned: 1 })
        expect(await injected).toMatchObject({ code: 'ERR_INBOX_IO' })
        // Of those of the inbox; the way has its own ends of them.
        if (way === 'the server is stopped') await expect.poll(sockets).toBeLessThanOrEqual(before)
      } finally {
        hangs[way].end()
      }
    },
  )

  it.each(WAYS)('a close in the middle of a start ends both: %s', { timeout: 15_000 }, async (way) => {
    const receiver = newReceiver(way)
    receiver.on('*', { name: 'a' }, async () => {})
    // Those of the test before this one go when they are read to their end.
    await expect.poll(sockets).toBe(0)
    hangs[way].begin()
    try {
      const starting = receiver.start().catch((error: unknown) => error)
      await expect.poll(sockets).toBeGreaterThan(0)
      await receiver.close({ timeoutMs: 300 })
      expect(await starting).toMatchObject({ code: 'ERR_INBOX_IO' })
    } finally {
      hangs[way].end()
    }
  })

  it.each(WAYS)('whoever asks for health is answered: %s', { timeout: 25_000 }, async (way) => {
    const receiver = newReceiver(way)
    await receiver.start()
    hangs[way].begin()
    try {
      expect(await receiver.health()).toMatchObject({ ready: false })
    } finally {
      hangs[way].end()
    }
    await expect.poll(async () => (await receiver.health()).ready, { timeout: 20_000 }).toBe(true)
    await receiver.close()
  })

  it.each(WAYS)(
    'a sender is answered 503 in its time, and its repeat is stored once: %s',
    {
      timeout: 60_000,
    },
    async (way) => {
      const receiver = createReceiver({
        inbox: postgres({ connectionString: hangs[way].url(), schema: newSchema(), durability: 'relaxed' }),
        ...{ sources: { shop: toy() }, limits: { acceptMs: 300 }, logger: false },
      })
      const post = async () => {
        const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
        return (await receiver.handle(new Request('http://localhost/shop', init))).status
      }
      await receiver.start()
      hangs[way].begin()
      try {
        expect([await post(), await post()]).toEqual([503, 503])
      } finally {
        hangs[way].end()
      }
      await expect.poll(post, { timeout: 30_000 }).toBe(200)
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 1 })
      await receiver.close({ timeoutMs: 300 })
    },
  )

  it('a process whose lease may be over begins nothing, and goes on when it has one again', {
    timeout: 30_000,
  }, async () => {
    const settings = settingsFor(server, newSchema(), { leaseMs: 1_000, after: realAfter })
    const url = hangs['nothing comes through'].url()
    const port = new PostgresInbox({ ...settings, connect: () => connect(url) })
    const { inbox } = await openWith(port, ['a'])
    expect(port.claims.mayBegin?.()).toBe(true)
    proxy.pause()
    await expect.poll(() => port.claims.mayBegin?.(), { timeout: 5_000 }).toBe(false)
    proxy.resume()
    await expect.poll(() => port.claims.mayBegin?.(), { timeout: 15_000 }).toBe(true)
    await inbox.close()
  })
})
