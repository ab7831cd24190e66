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

  /** A commit that has what `event` says waits, as it would for a standby, and does not see that nobody hears of it. */
  async function slowCommits(schema: string, event: string) {
    const other = new pg.Client({ connectionString: server.url })
    other.on('error', () => {})
    await other.connect()
    await other.query('SELECT pg_advisory_lock(42)')
    await server.run(
      `CREATE FUNCTION @wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER wait AFTER ${event} EXECUTE FUNCTION @wait()`.replaceAll('@', `"${schema}".`),
    )
    const waiting = () => server.run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return {
      /** Its connection is cut while it waits. */
      async cut(asked: Promise<unknown>) {
        await expect.poll(waiting, { timeout: 20_000 }).toHaveLength(1)
        proxy.aim(server.port)
        await expect(asked).rejects.toSatisfy(isIo)
      },
      async end() {
        await other.query('SELECT pg_advisory_unlock(42)')
        await other.end()
      },
    }
  }

  it.each([
    [
      'of a first pass',
      'UPDATE OF owner ON @pass DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.owner IS NOT NULL)',
    ],
    ['of rows', 'INSERT ON @held DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'],
  ])('a claim %s whose commit outlives its connection is given again', { timeout: 60_000 }, async (what, event) => {
    const schema = newSchema()
    const inbox = await open(schema)
    await inbox.accept(newDelivery('x'))
    await claimed(inbox)
    if (what === 'of rows') await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
    else inbox.release([1])
    const commits = await slowCommits(schema, event)
    await commits.cut(inbox.claim(ALL))
    const next = again(() => inbox.claim(ALL))
    // It has nothing, or waits.
    await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 500))])
    await commits.end()
    const { claims } = await next
    expect(claims.length > 0 ? claims : await claimed(inbox)).toMatchObject([{ delivery: { seq: 1 } }])
    await inbox.close()
  })

  it('nothing is claimed of a delivery before its settlement is heard of', { timeout: 60_000 }, async () => {
    const schema = newSchema()
    const inbox = await open(schema)
    await inbox.accept(newDelivery('x'))
    await claimed(inbox)
    const commits = await slowCommits(schema, 'DELETE ON @pass DEFERRABLE INITIALLY DEFERRED FOR EACH ROW')
    const settlement = firstPass(1, { rows: [row('a', START)] })
    await commits.cut(inbox.settle(settlement))
    await commits.end()
    const rows = () => server.run(`SELECT 1 FROM "${schema}".work`)
    await expect.poll(rows, { timeout: 20_000 }).toHaveLength(1)
    expect((await again(() => inbox.claim(ALL))).claims).toEqual([])
    await again(() => inbox.settle(settlement))
    expect(await claimed(inbox)).toMatchObject([{ rows: [{ handler: 'a' }] }])
    await inbox.close()
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
