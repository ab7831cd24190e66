/** A server that lacks something: connections of its own, behind a pooler or not, or room on its disk. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { isPoolerThere, type Pooler, startPooler } from '../../support/pooler.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { toy } from '../../support/toy.ts'
import { newDelivery, openWith } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

/** For large values that do not shrink. */
const noise = (bytes: number) =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(Math.min(bytes, 65_536)))).toString('hex')

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }, 60_000)

  async function serverWith(...args: Parameters<typeof startServer>): Promise<Server> {
    const server = await startServer(...args)
    ends.push(() => server.remove())
    return server
  }

  function receiverAt(url: string, schema: string, handled: string[] = []) {
    const receiver = createReceiver({
      inbox: postgres({ connectionString: url, schema, durability: 'relaxed', leaseMs: 2_000 }),
      sources: { shop: toy() },
      logger: false,
    })
    receiver.on('*', { name: 'a', retry: { minMs: 1, attempts: 3 } }, async (event) => {
      handled.push(event.id)
      if (event.email === 'again@shop.example' && handled.filter((id) => id === event.id).length < 2)
        throw new Error('once more')
      if (event.email === 'dies@shop.example') throw new Error('never')
    })
    ends.push(() => receiver.close({ timeoutMs: 1_000 }))
    return receiver
  }

  const pings = (...names: string[]) => names.map((name) => ({ type: 'ping', to: `${name}@shop.example` }))

  it.skipIf(!isPoolerThere() && !process.env.CI)(
    'two processes work behind a pooler that has two connections for all, and leave nothing in its sessions',
    { timeout: 90_000 },
    async () => {
      const server = await serverWith({ fsync: 'off' })
      const pooler: Pooler = await startPooler(server, 2)
      ends.push(() => pooler.stop())
      const schema = newSchema()
      const handled: string[] = []
      const both = [receiverAt(pooler.url, schema, handled), receiverAt(pooler.url, schema, handled)] as const
      for (const receiver of both) await receiver.start()
      const bodies = Array.from({ length: 40 }, (_, n) => pings(`one${n}`, 'again', n === 7 ? 'dies' : `two${n}`))
      const sent = await Promise.all(bodies.map((body, n) => both[n % 2]!.inject('shop', body)))
      expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 'accepted'))
      const repeats = await Promise.all(bodies.map((body, n) => both[(n + 1) % 2]!.inject('shop', body)))
      expect(new Set(repeats.map(({ status }) => status))).toEqual(new Set(['duplicate']))
      const large = await both[0].inject('shop', [
        { type: 'ping', to: 'large@shop.example', padding: noise(65_536).repeat(30) },
      ])
      expect(large.status).toBe('accepted')
      const stats = () => both[1].inbox.stats()
      await expect.poll(async () => (await stats()).pending, { timeout: 60_000 }).toBe(0)
      expect(await stats()).toMatchObject({ deadLetters: 1, quarantined: 0 })
      const times = new Map<string, number>()
      for (const id of handled) times.set(id, (times.get(id) ?? 0) + 1)
      expect(times.size).toBe(121)
      expect([...times.values()].filter((n) => n === 2)).toHaveLength(40)
      const session = new pg.Client({ connectionString: pooler.url })
      await session.connect()
      expect((await session.query('SELECT name FROM pg_prepared_statements')).rows).toEqual([])
      const { rows } = await session.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")
      expect(rows).toEqual([])
      expect((await session.query('SHOW idle_in_transaction_session_timeout')).rows).toEqual([
        { idle_in_transaction_session_timeout: '0' },
      ])
      await session.end()
    },
  )

  it('a server whose connections are used up is in trouble, and stores again when it has some', {
    timeout: 60_000,
  }, async () => {
    const server = await serverWith({ fsync: 'off', max_connections: '8', superuser_reserved_connections: '0' })
    const schema = newSchema()
    const receiver = receiverAt(server.url, schema)
    await receiver.start()
    const taken: pg.Client[] = []
    const cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posthorn'"
    /** All of them, those of the inbox as well. */
    const takeAll = async () => {
      for (let left = 8; left > 0; left--) {
        const client = new pg.Client({ connectionString: server.url })
        client.on('error', () => {})
        try {
          await client.connect()
          taken.push(client)
          await client.query(cut)
        } catch {
          return
        }
      }
    }
    await expect
      .poll(
        async () => {
          await takeAll()
          const { ready, reason } = await receiver.health()
          return ready ? '' : reason
        },
        { timeout: 30_000 },
      )
      .toContain('53300')
    await expect(receiver.inject('shop', pings('x'))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
    await Promise.all(taken.map((client) => client.end()))
    await expect.poll(async () => (await receiver.health()).ready, { timeout: 20_000 }).toBe(true)
    expect((await receiver.inject('shop', pings('x'))).status).toMatch(/accepted|duplicate/)
    await expect.poll(async () => (await receiver.inbox.stats()).pending, { timeout: 20_000 }).toBe(0)
  })

  it('starts that find no connection left, all at once, wait for one each', { timeout: 60_000 }, async () => {
    const server = await serverWith({ fsync: 'off', max_connections: '36', superuser_reserved_connections: '0' })
    const taken = Array.from({ length: 36 }, () => new pg.Client({ connectionString: server.url }))
    for (const client of taken) {
      client.on('error', () => {})
      await client.connect()
    }
    let tries = 0
    const counting = async () => {
      const pool = await connect(server.url)
      return { ...pool, connect: () => pool.connect().finally(() => tries++) }
    }
    const schema = newSchema()
    const inboxes = Array.from({ length: 12 }, () => {
      const port = new PostgresInbox({ ...settingsFor(server, schema), connect: counting })
      ends.push(() => port.close())
      return openWith(port, ['a'])
    })
    await Promise.race([expect.poll(() => tries, { timeout: 30_000 }).toBeGreaterThan(24), Promise.all(inboxes)])
    await Promise.all(taken.map((client) => client.end()))
    const opened = await Promise.all(inboxes)
    await Promise.all(opened.map(({ inbox }, n) => inbox.accept(newDelivery(`n${n}`))))
    expect(await opened[0]?.inbox.stats()).toMatchObject({ pending: 12 })
  })

  it.skipIf(process.getuid?.() !== 0)(
    'a server whose disk is full is in trouble, and stores again when there is room',
    {
      timeout: 90_000,
    },
    async () => {
      const disk = mkdtempSync(join(tmpdir(), 'posthorn-disk-'))
      ends.push(() => rmSync(disk, { recursive: true, force: true }))
      const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk])
      mount('size=64m')
      ends.push(() => execFileSync('umount', ['-l', disk]))
      const server = await serverWith({ fsync: 'off' }, { data: disk })
      const schema = newSchema()
      const handled: string[] = []
      const receiver = receiverAt(server.url, schema, handled)
      await receiver.start()
      const acknowledged: string[] = []
      const refused = await (async () => {
        for (let n = 0; n < 2_000; n++) {
          const body = [{ type: 'ping', to: `n${n}@shop.example`, padding: noise(65_536).repeat(8) }]
          const sent = await receiver.inject('shop', body).catch((error: unknown) => error)
          if (sent instanceof Error) return sent
          acknowledged.push(String((sent as { id: string }).id))
        }
        return null
      })()
      expect(refused).toMatchObject({ code: 'ERR_INBOX_IO', message: expect.stringContaining('53100') })
      expect(await receiver.health()).toMatchObject({ ready: false, reason: expect.stringContaining('53100') })
      execFileSync('mount', ['-o', 'remount,size=512m', disk])
      await expect.poll(async () => (await receiver.health()).ready, { timeout: 30_000 }).toBe(true)
      expect((await receiver.inject('shop', pings('after'))).status).toBe('accepted')
      await expect.poll(async () => (await receiver.inbox.stats()).pending, { timeout: 30_000 }).toBe(0)
      const stored = new Set((await server.run(`SELECT id FROM "${schema}".delivery`)).map(({ id }) => String(id)))
      expect(acknowledged.length).toBeGreaterThan(0)
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
    },
  )
})
