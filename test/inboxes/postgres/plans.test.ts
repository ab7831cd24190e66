/**
 * What the statements of accepting, claiming and settling read: never a whole table, also where nobody has analysed it; and
 * not what is dead in front of what waits, also where nobody may remove it.
 */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { Cut } from '../../../src/inboxes/postgres/db/cut.ts'
import { Database } from '../../../src/inboxes/postgres/db/database.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { holderOf, SnapshotWatch } from '../../../src/inboxes/postgres/life/snapshots.ts'
import type { ClaimRequest } from '../../../src/ports/inbox/claims.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { failure, firstPass, keptLines, newDelivery, type Opened, openWith, retried, row, START } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

const ROWS = 20_000

/** As many rows in each table as a week may leave. */
const FILL = `
INSERT INTO @pass (seq, source, size) SELECT n, 'shop', 4 FROM generate_series(1, ${ROWS}) n;
INSERT INTO @key (hash, seq, sha256) SELECT md5(n::text)::uuid, n, '' FROM generate_series(1, ${ROWS}) n;
INSERT INTO @work (id, seq, source, handler, first, last, attempts, due_at, state, errors)
  SELECT n, n + ${ROWS}, 'shop', 'a', 0, 0, 1, n, 0, '[]' FROM generate_series(1, ${ROWS}) n;
INSERT INTO @settled (seq, owner, events) SELECT n + ${ROWS}, 1, 1 FROM generate_series(1, ${ROWS}) n;
INSERT INTO @body SELECT n, '[{}]' FROM generate_series(1, ${2 * ROWS}) n;
INSERT INTO @delivery SELECT n, md5(n::text)::uuid, n, 'shop', null, false, sha256('[{}]'), 1, 4, 0, '[[],null,"wire",null,null]'
  FROM generate_series(1, ${2 * ROWS}) n;
INSERT INTO @dead_letter (id, seq, handler, element_index, attempts, at, size, errors, element)
  SELECT n + ${ROWS}, n + ${ROWS}, 'b', 0, 1, 1, 1, '[]', '' FROM generate_series(1, ${ROWS}) n;
INSERT INTO @quarantine SELECT n + ${ROWS}, n, 0, 1, '[]' FROM generate_series(1, ${ROWS}) n;
INSERT INTO @event_key SELECT 900000, ${START / 900_000}, n, 1, n FROM generate_series(1, ${ROWS}) n;
INSERT INTO @batch SELECT md5(n::text)::uuid, n FROM generate_series(1, ${ROWS}) n;
SELECT setval('@delivery_seq', ${3 * ROWS}); SELECT setval('@row_id', ${3 * ROWS})`

const letter = {
  ...{ handler: 'a', index: 0, attempts: 2, errors: [failure('gone')], at: START, size: 2, run: null },
  element: Buffer.from('{}'),
}

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off', autovacuum: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  const open = (schema: string, ordered = false) =>
    openWith(new PostgresInbox(settingsFor(server, schema, { leaseMs: 600_000 })), [
      { name: 'a', formerly: [], ordered },
    ])

  /** Rows and entries that were read by sessions which have ended. */
  async function read(schema: string): Promise<number> {
    const sum = (column: string, view: string) =>
      `(SELECT coalesce(sum(${column}), 0) FROM ${view} WHERE schemaname = '${schema}')`
    const text = `SELECT (${sum('seq_tup_read', 'pg_stat_user_tables')} + ${sum('idx_tup_read', 'pg_stat_user_indexes')})::int AS n`
    return Number((await server.run(text))[0]?.n)
  }

  /** Each way that a delivery can go, for some of those that wait. Answers the last of them. */
  async function work({ inbox, claim }: Opened, round: number, ordered: ClaimRequest['ordered']): Promise<number> {
    const names = Array.from({ length: 20 }, (_, n) => `${round} ${n}`)
    for (const some of [names, names.slice(0, 5)])
      await Promise.all(some.map((name) => inbox.accept(newDelivery(name))))
    const claims = await claim({ maxDeliveries: 20, ordered })
    expect(claims).toHaveLength(20)
    await inbox.note(claims[0]?.delivery.seq ?? 0, [{ index: 0, handler: 'a' }])
    const ends = claims.map((one, n) => {
      if (one.rows !== null) return retried(one, n % 2 === 0 ? { dead: [letter] } : {})
      return firstPass(one.delivery.seq, n % 3 === 0 ? { rows: [row('a', START + 1)] } : {})
    })
    await Promise.all(ends.map((end) => inbox.settle(end)))
    await inbox.reserve(3_600_000, START, 1, Float64Array.of(round, 1, round, 2))
    return Math.max(...claims.map(({ delivery }) => delivery.seq))
  }

  it.each([
    ['for a handler without an order', undefined],
    ['for one that has one', [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }]],
  ])(
    'no statement on the way of a delivery reads all that is there, on tables that were never analysed: %s',
    {
      timeout: 60_000,
    },
    async (_for, ordered) => {
      const schema = newSchema()
      const [isOrdered, rounds] = [ordered !== undefined, 3]
      await (await open(schema, isOrdered)).inbox.close()
      await server.run(FILL.replaceAll('@', `${schema}.`))
      // An opening looks at everything, and so does the first claim in order.
      const lived = async (times: number) => {
        const before = await read(schema)
        const opened = await open(schema, isOrdered)
        // As the process half tells it.
        let reached = 0
        for (let round = 0; round <= times; round++) {
          const asked = ordered?.map((one) => ({ ...one, reached }))
          reached = Math.max(reached, await work(opened, before + round, asked))
        }
        await opened.inbox.close()
        return (await read(schema)) - before
      }
      const once = await lived(0)
      // As many as a handler with an order has read of its rows at most, for each claim.
      expect((await lived(rounds)) - once).toBeLessThan(rounds * (isOrdered ? 12_000 : 3_000))
    },
  )

  it('a snapshot that somebody holds has no claim read what is dead in front of it', { timeout: 60_000 }, async () => {
    const schema = newSchema()
    const { inbox, claim } = await open(schema)
    const holding = new pg.Client({ connectionString: server.url })
    await holding.connect()
    try {
      await holding.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
      await holding.query(`SELECT count(*) FROM "${schema}".pass`)
      const [{ pid }] = (await holding.query('SELECT pg_backend_pid() AS pid')).rows
      const [count, block] = [3_000, 20]
      await Promise.all(Array.from({ length: count }, (_, n) => inbox.accept(newDelivery(`n${n}`))))
      const began = performance.now()
      for (let done = 0; done < count; done += block) {
        const claims = await claim({ maxDeliveries: block })
        expect(claims).toHaveLength(block)
        await Promise.all(claims.map(({ delivery }) => inbox.settle(firstPass(delivery.seq))))
      }
      const looks = Math.ceil((performance.now() - began) / 1_000) + 1
      await inbox.close()
      const [read] = await server.run(`SELECT idx_tup_read::int AS n FROM pg_stat_user_indexes
        WHERE schemaname = '${schema}' AND indexrelname = 'pass_pkey'`)
      const pool = await connect(server.url)
      const db = new Database({ pool, cut: new Cut(), schema, tell: () => {} })
      expect(await holderOf(db)).toBeNull()
      const holder = await holderOf(db, { ageMs: 0, deadRows: count })
      expect(holder).toMatchObject({ pid, state: 'idle in transaction' })
      expect(await holderOf(db, { ageMs: 0, deadRows: 10 * count })).toBeNull()
      await pool.end()
      const logger = keptLines()
      const watch = new SnapshotWatch(logger)
      for (const found of [holder, holder, null, holder]) watch.found(found)
      expect(logger.lines).toMatchObject(Array(2).fill({ level: 'warn', facts: { event: 'inbox.snapshot_held', pid } }))
      // A claim reads what was claimed last, settled since, and what it takes; once a second all that is there.
      expect(Number(read?.n)).toBeLessThan((count / block) * block * 10 + looks * 2 * count)
    } finally {
      await holding.end()
    }
  })
})
