/** Looks by time begin and end where the times are, and end when nobody waits for them any more. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cut } from '../../../src/inboxes/postgres/db/cut.ts'
import { Database } from '../../../src/inboxes/postgres/db/database.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { listDeliveries } from '../../../src/inboxes/postgres/records/listing.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { openWith } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

const [ROWS, HOUR] = [20_000, 3_600_000]

/** One each hour. */
const FILL = `
INSERT INTO @delivery SELECT n, md5(n::text)::uuid, n, 'shop', null, false, sha256('[{}]'), n * ${HOUR}::int8, 4, 0, '[[],null,"wire",null,null]'
  FROM generate_series(1, ${ROWS}) n`

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off', autovacuum: 'off' })
  }, 120_000)
  afterAll(() => server.remove(), 60_000)

  it('looks by time at as much of a long log as of a short one, and who acts at all of it', async () => {
    const schema = newSchema()
    const port = new PostgresInbox(settingsFor(server, schema))
    await openWith(port, [{ name: 'a', formerly: [], ordered: false }])
    await server.run(FILL.replaceAll('@', `"${schema}".`))
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    const db = new Database({ pool, schema, cut: new Cut(), tell: () => {} } as never)
    const listed = async (page: object) => {
      let statements = 0
      const counting = {
        all: (text: string, ...values: readonly unknown[]) => {
          if (text.includes('JOIN')) statements++
          return db.all(text, ...values)
        },
      }
      const rows = await listDeliveries(counting as never, { before: null, limit: 100, ...page })
      return { found: rows.map(({ seq }) => seq), statements }
    }
    const newest = { since: (ROWS - 2) * HOUR }
    const found = [ROWS, ROWS - 1, ROWS - 2]
    expect(await listed({ ...newest, isLook: true })).toEqual({ found, statements: 1 })
    expect((await listed(newest)).found).toEqual(found)
    expect((await listed(newest)).statements).toBeGreaterThan(5)
    const oldest = { until: 4 * HOUR }
    expect(await listed({ ...oldest, isLook: true })).toEqual({ found: [3, 2, 1], statements: 1 })
    expect(await listed({ ...oldest, isLook: true, before: 3 })).toEqual({ found: [2, 1], statements: 1 })
    expect((await listed(oldest)).statements).toBeGreaterThan(5)
    const left = AbortSignal.abort()
    expect(await listed({ ...oldest, signal: left })).toEqual({ found: [], statements: 0 })
    await pool.end()
    await port.close()
  }, 120_000)
})
