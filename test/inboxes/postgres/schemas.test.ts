/** Several inboxes in one database, each in a schema of its own: what one does holds up no other. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { firstPass, newDelivery, type Opened, openWith } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  const retention = { bodiesMs: 1, keysMs: 1, deadLettersMs: 1, quarantineMs: 1, maxBytes: null }
  const open = (schema: string) =>
    openWith(new PostgresInbox(settingsFor(server, schema, { leaseMs: 600_000 })), ['a'], undefined, undefined, {
      retention,
    })
  const prune = ({ inbox }: Opened) => inbox.prune()

  /** Nobody else gets this table meanwhile. */
  async function holding(table: string, run: () => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    try {
      await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
      await run()
    } finally {
      await client.end()
    }
  }

  async function isWaiting(table: string): Promise<boolean> {
    const found = await server.run(`SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`)
    return found.length > 0
  }

  it('the start of one does not wait for that of another', async () => {
    const schema = newSchema()
    await (await open(schema)).inbox.close()
    let starting: Promise<Opened> | undefined
    await holding(`${schema}.held`, async () => {
      starting = open(schema)
      await expect.poll(() => isWaiting(`${schema}.held`)).toBe(true)
      await (await open(newSchema())).inbox.close()
    })
    await (await starting)?.inbox.close()
  })

  it.each(['body', 'tally_minute'])('nor what lets go of what is old, and adds up: %s', async (table) => {
    const [one, other] = [newSchema(), newSchema()]
    const both = [await open(one), await open(other)] as const
    for (const { inbox, claim } of both) {
      await inbox.accept(newDelivery('x'))
      await claim()
      await inbox.settle(firstPass(1, { unhandled: { 'toy.pong': 1 } }))
    }
    let pruning: Promise<unknown> | undefined
    await holding(`${one}.${table}`, async () => {
      pruning = prune(both[0])
      await expect.poll(() => isWaiting(`${one}.${table}`)).toBe(true)
      await prune(both[1])
      expect(await server.run(`SELECT 1 FROM ${other}.told UNION ALL SELECT 1 FROM ${other}.receipt`)).toEqual([])
    })
    await pruning
    for (const { inbox } of both) await inbox.close()
  })
})
