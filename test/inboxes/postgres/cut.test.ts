/** Connections that are cut between a commit and its answer, servers that crash, and ways that are held up. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { CopyOut } from '../../../src/inboxes/postgres/db/copy-out.ts'
import { faultOf } from '../../../src/inboxes/postgres/db/failure.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { type CuttingProxy, startProxy } from '../../support/cutting-proxy.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { everything, failure, firstPass, keptLines, newDelivery, retried, row, START } from '../inbox-kit.ts'
import { TestInbox } from '../test-inbox.ts'
import { newSchema, settingsFor } from './store.ts'

const standing: Clock = { now: () => START, steady: () => performance.now(), after: () => () => {} }
const HANDLERS = ['a']
const ALL = { handlers: HANDLERS, maxDeliveries: 10, maxBytes: 1e9 }

/** As core does: what the store refused is asked for again. */
async function again<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt === 5 || !isIo(error)) throw error
    }
  }
}

const isIo = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ERR_INBOX_IO'

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

  async function open(schema: string) {
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`
    const inbox = new TestInbox(new PostgresInbox({ ...settingsFor(server, schema), connect: () => connect(url) }))
    const handlers = HANDLERS.map((name) => ({ name, formerly: [] }))
    await again(() =>
      inbox.open({ handlers, logger: keptLines(), clock: standing, role: 'owner', onRedelivery: 'record' }),
    )
    return inbox
  }

  /** A first pass that leaves a row, and the row, which leaves a dead letter. */
  async function live(inbox: TestInbox): Promise<void> {
    await again(() => inbox.accept(newDelivery('x')))
    const [first] = await claimed(inbox)
    await again(() => inbox.note(1, [{ index: 0, handler: 'a' }]))
    await again(() => inbox.settle(firstPass(1, { rows: [row('a', START)], unhandled: { 'toy.pong': 2 } })))
    expect(first?.rows).toBeNull()
    const [second] = await claimed(inbox)
    const dead = { handler: 'a', index: 0, attempts: 2, errors: [failure('gone')], at: START, size: 1, run: null }
    await again(() => inbox.settle(retried(second!, { dead: [{ ...dead, element: Buffer.from('{}') }] })))
  }

  async function claimed(inbox: TestInbox) {
    const { claims } = await again(() => inbox.claim(ALL))
    expect(claims).toHaveLength(1)
    return claims
  }

  it('every answer of the database is lost once, and everything is done once', { timeout: 240_000 }, async () => {
    let nth = 1
    for (let hasCut = true; hasCut && nth < 120; nth++) {
      const schema = newSchema()
      const inbox = await open(schema)
      proxy.cutAnswer(nth)
      await live(inbox)
      hasCut = proxy.hasCut
      proxy.cutAnswer(Number.POSITIVE_INFINITY)
      const stats = await again(() => inbox.stats())
      expect(stats, `${nth}`).toMatchObject({ pending: 0, deadLetters: 1, unhandled: { 'toy.pong': 2 } })
      expect(await inbox.deliveries(everything)).toHaveLength(1)
      const left = await server.run(`SELECT seq FROM "${schema}".held UNION ALL SELECT seq FROM "${schema}".pass`)
      expect(left, `${nth}`).toEqual([])
      await inbox.close()
    }
    expect(nth).toBeGreaterThan(20)
  })

  it('bodies that do not come are given up, as the connection is', async () => {
    const client = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${proxy.port}/postgres` })
    client.on('error', () => {})
    await client.connect()
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const answered = new CopyOut("SELECT 'x'", 600_000)
    client.query(answered)
    expect(await answered.rows).toHaveLength(1)
    expect(timers()).toBe(before)
    proxy.pause()
    const held = new CopyOut("SELECT 'x'", 1)
    client.query(held)
    await expect(held.rows).rejects.toSatisfy((error) => faultOf(error) === 'lost')
    proxy.resume()
    await client.end()
  })

  it('a server that crashes under load forgets nothing that it has answered', { timeout: 120_000 }, async () => {
    const schema = newSchema()
    const inbox = await open(schema)
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
    for (let times = 0; times < 3; times++) {
      const before = acknowledged.size
      await expect.poll(() => acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(before + 50)
      server.stop('immediate')
      server.start()
    }
    isOver = true
    await Promise.all(senders)
    await again(() => inbox.stats())
    const stored = new Set((await server.run(`SELECT id FROM "${schema}".delivery`)).map(({ id }) => String(id)))
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([])
    await inbox.close()
  })
})
