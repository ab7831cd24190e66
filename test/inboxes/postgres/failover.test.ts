/** The primary is lost, and a standby takes its place: what was acknowledged is there where commits wait for it. */
import { afterEach, describe, expect, it } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { type CuttingProxy, startProxy } from '../../support/cutting-proxy.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { firstPass, handClock, newDelivery, openWith } from '../inbox-kit.ts'
import type { TestInbox } from '../test-inbox.ts'
import { newSchema, settingsFor } from './store.ts'

const SETTINGS = { fsync: 'off', synchronous_commit: 'on', max_wal_senders: '4', wal_level: 'replica' }

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  const servers: Server[] = []
  const proxies: CuttingProxy[] = []
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close()
    for (const server of servers.splice(0)) server.remove()
  }, 60_000)

  async function proxyTo(port: number): Promise<CuttingProxy> {
    const proxy = await startProxy(port)
    proxies.push(proxy)
    return proxy
  }

  /** A primary with a standby behind `link`, and an inbox that reaches whoever is the primary by `way`. */
  async function pair(waits: boolean) {
    const primary = await startServer(SETTINGS)
    servers.push(primary)
    const link = await proxyTo(primary.port)
    const standby = await startServer({ fsync: 'off' }, { standbyOf: { server: primary, port: link.port } })
    servers.push(standby)
    if (waits) await primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await primary.run('SELECT pg_reload_conf()')
    const states = async () => (await primary.run('SELECT sync_state FROM pg_stat_replication'))[0]?.sync_state
    await expect.poll(states, { timeout: 20_000 }).toBe(waits ? 'sync' : 'async')
    const way = await proxyTo(primary.port)
    const url = `postgres://postgres@127.0.0.1:${way.port}/postgres`
    const schema = newSchema()
    const settings = { ...settingsFor(primary, schema, { leaseMs: 600_000 }), connect: () => connect(url) }
    const { inbox } = await openWith(new PostgresInbox(settings), ['a'], handClock())
    const waiting = async () =>
      (await primary.run("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).map(({ pid }) => Number(pid))
    return { primary, link, standby, way, schema, inbox, waiting }
  }

  /** The primary dies; what it has not sent is lost. */
  async function failOver({ primary, link, standby, way }: Awaited<ReturnType<typeof pair>>): Promise<void> {
    primary.stop('immediate')
    await link.close()
    proxies.splice(proxies.indexOf(link), 1)
    standby.promote()
    way.aim(standby.port)
  }

  /** Four at a time, until it is over; answers what was acknowledged. */
  function load(inbox: TestInbox) {
    const acknowledged = new Set<string>()
    let isOver = false
    const sender = async (who: number) => {
      for (let n = 0; !isOver; n++) {
        const name = `${who}-${n}`
        await inbox.accept(newDelivery(name)).then(
          () => void acknowledged.add(`d_${name}`),
          () => new Promise((resolve) => setTimeout(resolve, 20)),
        )
      }
    }
    const senders = [1, 2, 3, 4].map(sender)
    const end = () => {
      isOver = true
      return Promise.all(senders)
    }
    return { acknowledged, end }
  }

  const storedAt = async (server: Server, schema: string) =>
    new Set((await server.run(`SELECT id FROM "${schema}".delivery`)).map(({ id }) => String(id)))

  it('a standby that commits wait for has all that was acknowledged', { timeout: 120_000 }, async () => {
    const both = await pair(true)
    const { acknowledged, end } = load(both.inbox)
    await expect.poll(() => acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(100)
    both.link.pause()
    await expect.poll(async () => (await both.waiting()).length, { timeout: 30_000 }).toBeGreaterThan(0)
    await failOver(both)
    const before = acknowledged.size
    await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(before + 50)
    await end()
    const stored = await storedAt(both.standby, both.schema)
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([])
    await both.inbox.close()
  })

  it('another one may have lost some: numbers come again, and no claim reaches what has them now', {
    timeout: 120_000,
  }, async () => {
    const both = await pair(false)
    const { inbox, standby, schema } = both
    await inbox.accept(newDelivery('kept'))
    const kept = async () => (await standby.run(`SELECT id FROM "${schema}".delivery`)).length
    await expect.poll(kept, { timeout: 20_000 }).toBe(1)
    both.link.pause()
    await inbox.accept(newDelivery('lost'))
    const request = { handlers: ['a'], maxDeliveries: 10, maxBytes: 1e9 }
    const { claims } = await inbox.claim(request)
    expect(claims.map(({ delivery }) => delivery.id)).toEqual(['d_kept', 'd_lost'])
    await failOver(both)
    await expect.poll(() => inbox.accept(newDelivery('new')).catch(() => null), { timeout: 30_000 }).not.toBeNull()
    expect([...(await storedAt(standby, schema))].sort()).toEqual(['d_kept', 'd_new'])
    const numbers = await standby.run(`SELECT seq::int FROM "${schema}".delivery WHERE id = 'd_new'`)
    for (const claim of claims)
      await expect(
        inbox.settle({ ...firstPass(claim.delivery.seq), token: claim.token } as never),
      ).rejects.toMatchObject({
        code: 'ERR_CLAIM_LOST',
      })
    const found = await standby.run(`SELECT seq::int FROM "${schema}".pass ORDER BY seq`)
    expect(found).toContainEqual(numbers[0])
    expect((await inbox.stats()).pending).toBe(2)
    await inbox.close()
  })

  it('a commit whose wait for a standby is cancelled is not acknowledged, and its repeat is absorbed', {
    timeout: 120_000,
  }, async () => {
    const { inbox, primary, link, waiting } = await pair(true)
    link.pause()
    const accepting = inbox.accept(newDelivery('x')).catch((error: unknown) => error)
    await expect.poll(async () => (await waiting()).length, { timeout: 20_000 }).toBe(1)
    await primary.run(`SELECT pg_cancel_backend(${(await waiting())[0]})`)
    expect(await accepting).toMatchObject({ code: 'ERR_INBOX_IO' })
    link.resume()
    expect(await inbox.accept(newDelivery('x'))).toMatchObject({ status: 'duplicate' })
    await inbox.close()
  })
})
