/** Several processes at one database, each a port of its own. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { Cut } from '../../../src/inboxes/postgres/db/cut.ts'
import { Database } from '../../../src/inboxes/postgres/db/database.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { type After, realAfter } from '../../../src/inboxes/postgres/life/upkeep.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { ClaimToken } from '../../../src/ports/inbox/claim-ref.ts'
import { describeTwoAtOnce } from '../../contracts/inbox-two-at-once.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import {
  everything,
  failure,
  firstPass,
  keptLines,
  newDelivery,
  openWith,
  retried,
  row,
  START,
  seqsOf,
} from '../inbox-kit.ts'
import { TestInbox } from '../test-inbox.ts'
import { newSchema, settingsFor, sharedOn } from './store.ts'

const ALL = { handlers: ['a'], maxDeliveries: 1_000, maxBytes: 1e9 }

/** Stands. */
const clock: Clock = { now: () => START, steady: () => performance.now(), after: () => () => {} }

/** Nobody renews, reaps or looks but when a test asks for it. */
const never: After = () => () => {}

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let schema = ''
  let ports: PostgresInbox[] = []

  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)
  beforeEach(() => {
    schema = newSchema()
    ports = []
  })
  afterEach(async () => {
    for (const port of ports) await port.close()
  })

  async function join(after: After = never, leaseMs = 60_000, by = clock) {
    const port = new PostgresInbox(settingsFor(server, schema, { leaseMs, after }))
    ports.push(port)
    const inbox = new TestInbox(port)
    const lost: ClaimToken[] = []
    port.on({ lost: (tokens) => void lost.push(...tokens) })
    const handlers = [{ name: 'a', formerly: [] }]
    const opened = await inbox.open({ handlers, logger: keptLines(), clock: by, role: 'owner', onRedelivery: 'record' })
    const claim = async (limits = {}) => (await inbox.claim({ ...ALL, ...limits })).claims
    return { port, inbox, claim, lost, opened }
  }

  const sql = (text: string) => server.run(text.replaceAll('@', `"${schema}".`))
  const owners = async () =>
    (await sql('SELECT owner::text FROM @process ORDER BY started_at')).map(({ owner }) => owner)
  /** The lease of the process that began as the nth is over. */
  const endLease = async (nth: number) =>
    sql(`UPDATE @process SET until = now() - interval '1 s', lease_ms = 0 WHERE owner = ${(await owners())[nth]}`)

  async function fill(inbox: TestInbox, count: number) {
    for (let n = 1; n <= count; n++) await inbox.accept(newDelivery(`n${n}`))
  }

  describeTwoAtOnce(
    'postgres',
    sharedOn(() => server),
  )

  it('what comes to both at once, again and again, is stored once, and every repeat counted', {
    timeout: 60_000,
  }, async () => {
    const both = [(await join()).inbox, (await join()).inbox] as const
    const [bodies, senders, posts] = [50, 64, 20]
    const random = seededRandom(19)
    const send = async (who: number) => {
      for (let post = 0; post < posts; post++)
        await both[who % 2]!.accept(newDelivery(`n${Math.floor(random() * bodies)}`))
    }
    await Promise.all(Array.from({ length: senders }, (_, who) => send(who)))
    const [stored] = await sql('SELECT count(*)::int AS keys, sum(duplicates)::int AS repeats FROM @key')
    expect(stored).toEqual({ keys: bodies, repeats: senders * posts - bodies })
    expect(await sql('SELECT count(*)::int AS n FROM @delivery')).toEqual([{ n: bodies }])
    expect(await sql('SELECT count(*)::int AS n FROM @pass')).toEqual([{ n: bodies }])
  })

  it('ten thousand events that failed are settled at once, as rows and as dead letters', {
    timeout: 60_000,
  }, async () => {
    const { inbox, claim } = await join()
    await inbox.accept(newDelivery('x'))
    const [first] = await claim()
    const each = Array.from({ length: 10_000 }, (_, index) => index)
    const rows = each.map((index) => row('a', START, { first: index, last: index }))
    await inbox.settle(firstPass(first!.delivery.seq, { events: 10_000, rows }))
    const [again] = await claim()
    expect(again?.rows).toHaveLength(10_000)
    const dead = each.map((index) => ({
      ...{ handler: 'a', index, attempts: 2, errors: [failure('gone')], at: START, size: 2, run: null },
      element: Buffer.from('{}'),
    }))
    await inbox.settle(retried(again!, { dead }))
    expect(await inbox.stats()).toMatchObject({ pending: 0, deadLetters: 10_000 })
  })

  it('64 MiB that nothing makes smaller come as they were sent, beside others', {
    timeout: 120_000,
  }, async () => {
    const { inbox, claim } = await join()
    const body = randomBytes(64 << 20)
    const large = inbox.accept(newDelivery('large', { body }))
    for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
    await large
    const bodies = (await claim()).map(({ delivery }) => [delivery.id, Buffer.from(delivery.body).equals(body)])
    expect(bodies.sort()).toEqual([
      ['d_large', true],
      ['d_x', false],
      ['d_y', false],
    ])
  })

  it('progress that is saved at the moment of the settlement goes with it', { timeout: 60_000 }, async () => {
    const { inbox, claim } = await join()
    await fill(inbox, 2)
    await claim()
    await sql(`CREATE FUNCTION @wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock_shared(43); RETURN new; END $$;
      CREATE TRIGGER wait BEFORE INSERT ON @progress FOR EACH ROW EXECUTE FUNCTION @wait()`)
    const other = new pg.Client({ connectionString: server.url })
    await other.connect()
    await other.query('SELECT pg_advisory_lock(43)')
    const waiting = () => server.run('SELECT 1 FROM pg_locks WHERE NOT granted')
    const progress = (seq: number) => ({
      ...{ seq, row: null, next: 1, over: { a: [[0, 0] as const] }, parts: 0, rows: [], at: START },
      ...{ dead: [], quarantined: [], unhandled: { x: 1 }, copies: [] },
    })
    try {
      const saved = inbox.saveProgress([progress(1)])
      await expect.poll(waiting, { timeout: 20_000 }).toHaveLength(1)
      let isSettled = false
      const settled = inbox.settle(firstPass(1)).then(() => {
        isSettled = true
      })
      await expect.poll(async () => isSettled || (await waiting()).length > 1, { timeout: 20_000 }).toBe(true)
      await other.query('SELECT pg_advisory_unlock(43)')
      await Promise.all([saved, settled])
    } finally {
      await other.end()
    }
    // Of one that is being settled already none is saved.
    const late = inbox.settle(firstPass(2))
    await Promise.all([late, inbox.saveProgress([progress(2)])])
    expect(await sql('SELECT seq FROM @progress')).toEqual([])
  })

  it('what cannot be stored fails alone, of all that come and are settled with it', async () => {
    const { inbox, port, claim } = await join()
    const come = await Promise.allSettled(['w', 'x', 'y\0', 'z'].map((name) => inbox.accept(newDelivery(name))))
    expect(come.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(come[2]).toMatchObject({ reason: { code: 'ERR_INBOX_IO' } })
    expect(port.intake.trouble()).toBeNull()
    const seqs = seqsOf(await claim())
    expect(seqs).toHaveLength(3)
    const ends = seqs.map((seq, n) => firstPass(seq, { rows: [row(n === 1 ? 'a\0' : 'a', START + 1)] }))
    const settled = await Promise.allSettled(ends.map((end) => inbox.settle(end)))
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await inbox.settle(firstPass(seqs[1] ?? 0))
    expect(await sql('SELECT count(*)::int AS n FROM @settled')).toEqual([{ n: 3 }])
  })

  it('each delivery is in one claim at a time, whoever asks', async () => {
    const [one, two, three] = [await join(), await join(), await join()]
    await Promise.all(Array.from({ length: 120 }, (_, n) => [one, two][n % 2]!.inbox.accept(newDelivery(`n${n}`))))
    const given = await Promise.all(
      Array.from({ length: 30 }, (_, n) => [one, two, three][n % 3]!.claim({ maxDeliveries: 7 })),
    )
    const seqs = given.flatMap(seqsOf)
    expect(new Set(seqs).size).toBe(seqs.length)
    const rest = await Promise.all([one.claim(), two.claim(), three.claim()])
    expect(new Set([...seqs, ...rest.flatMap(seqsOf)]).size).toBe(120)
  })

  it('a delivery that comes to two at once is stored once, and counted', async () => {
    const [one, two] = [await join(), await join()]
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => [one, two][n % 2]!.inbox.accept(newDelivery(`n${n >> 2}`))),
    )
    expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(10)
    const stored = await one.inbox.deliveries(everything)
    expect(stored.map(({ duplicates }) => duplicates)).toEqual(Array(10).fill(3))
  })

  it('rows are worked on by one at a time', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 40)
    for (const { delivery } of await one.claim())
      await one.inbox.settle(firstPass(delivery.seq, { rows: [row('a', START)] }))
    const given = await Promise.all(
      Array.from({ length: 10 }, (_, n) => [one, two][n % 2]!.claim({ maxDeliveries: 5 })),
    )
    const seqs = given.flatMap(seqsOf)
    expect(new Set(seqs).size).toBe(seqs.length)
  })

  it('what a dead process had is given to one other, with care, and its note counts once', async () => {
    const [one, two, three] = [await join(), await join(), await join()]
    await fill(one.inbox, 3)
    await one.claim({ maxDeliveries: 2 })
    await one.inbox.note(2, [{ index: 0, handler: 'a' }])
    await endLease(0)
    const four = await join()
    await Promise.all([two, three].map(({ port }) => port.reap()))
    const given = [await two.claim(), await three.claim(), await four.claim()].flat()
    expect(given.map(({ delivery, careful }) => [delivery.seq, careful])).toEqual([
      [1, true],
      [3, false],
    ])
    await two.inbox.settle(firstPass(1))
    const second = await two.claim()
    expect(second).toMatchObject([
      { delivery: { seq: 2 }, careful: true, deaths: [{ index: 0, handler: 'a', times: 1 }] },
    ])
  })

  it('one that was taken for dead finds its claim lost, and stores nothing', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 1)
    await one.claim()
    await endLease(0)
    await two.port.reap()
    await expect(one.inbox.settle(firstPass(1, { rows: [row('a', START)] }))).rejects.toMatchObject({
      code: 'ERR_CLAIM_LOST',
    })
    const [again] = await two.claim()
    expect(again).toMatchObject({ delivery: { seq: 1 }, rows: null, careful: true })
    await two.inbox.settle(firstPass(1))
    expect(await two.inbox.stats()).toMatchObject({ pending: 0 })
  })

  it('of passes that are settled together, one of them lost, the others count', async () => {
    const one = await join()
    await fill(one.inbox, 3)
    await one.claim()
    await sql('UPDATE @pass SET owner = NULL WHERE seq = 2')
    const tally = { words: ['ev:e/t', 'done:a'], numbers: [2, 0, 1, 0], received: 1 }
    const settled = await Promise.allSettled([1, 2, 3].map((seq) => one.inbox.settle(firstPass(seq, { tally }))))
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const window = { from: START - 60_000, to: START + 60_000, step: 'minute' as const }
    const counts = (await one.port.look.tallies(window)).map(({ word, n }) => [word, n]).sort()
    expect(counts).toEqual([
      ['done:a', 2],
      ['ev:e/t', 4],
      ['in', 3],
    ])
  })

  it('counts that several processes fold at once, while others add to them, count once', async () => {
    const [one, two] = [await join(), await join()]
    let isOver = false
    const folding = [one, two].map(async ({ inbox }) => {
      while (!isOver) await inbox.prune()
    })
    const hour = { from: START, to: START + 3_600_000, step: 'hour' as const }
    const counted = async () => (await two.port.look.tallies(hour)).find(({ word }) => word === 'in')?.n ?? 0
    let before = 0
    for (let n = 0; n < 60; n++) {
      await [one, two][n % 2]!.inbox.accept(newDelivery(`n${n}`))
      const now = await counted()
      expect(now).toBe(before + 1)
      before = now
    }
    isOver = true
    await Promise.all(folding)
    expect(await counted()).toBe(60)
    expect((await one.port.look.seen())[0]?.count).toBe(60)
  })

  it('what was settled before it was taken for dead stays settled', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 1)
    await one.claim()
    await endLease(0)
    await one.inbox.settle(firstPass(1))
    await two.port.reap()
    expect(await two.claim()).toEqual([])
    expect(await two.inbox.stats()).toMatchObject({ pending: 0 })
  })

  /** What another session does before it is let go on, and what has to wait for it meanwhile. */
  async function stepped<T>(statements: readonly string[], run: () => Promise<T>): Promise<T> {
    const other = new pg.Client({ connectionString: server.url })
    await other.connect()
    try {
      await other.query('BEGIN')
      for (const text of statements) await other.query(text.replaceAll('@', `"${schema}".`))
      const running = run()
      await expect.poll(() => waiting(server)).toBeGreaterThan(0)
      await other.query('COMMIT')
      return await running
    } finally {
      await other.end()
    }
  }

  it('a settlement at the very moment of a reap finds its claim lost', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 1)
    await one.claim()
    const [first] = await owners()
    const reaping = [`DELETE FROM @process WHERE owner = ${first}`, 'UPDATE @pass SET owner = NULL, careful = true']
    const settling = () => one.inbox.settle(firstPass(1, { rows: [row('a', START)] })).catch((error: unknown) => error)
    expect(await stepped(reaping, settling)).toMatchObject({ code: 'ERR_CLAIM_LOST' })
    expect(await sql('SELECT seq FROM @settled UNION ALL SELECT seq FROM @work')).toEqual([])
    expect(await two.claim()).toMatchObject([{ delivery: { seq: 1 }, careful: true, rows: null }])
  })

  it('a reap at the very moment of a settlement takes nothing that is settled', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 2)
    await one.claim()
    const [first] = await owners()
    await endLease(0)
    const settling = [
      'DELETE FROM @pass WHERE seq = 1',
      `INSERT INTO @settled (seq, owner, events) VALUES (1, ${first}, 1)`,
    ]
    await stepped(settling, () => two.port.reap())
    expect(await two.claim()).toMatchObject([{ delivery: { seq: 2 }, careful: true }])
    expect(await sql('SELECT seq::int FROM @settled')).toEqual([{ seq: 1 }])
  })

  it('notes and progress of a lost claim are refused', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 1)
    await one.claim()
    await endLease(0)
    await two.port.reap()
    await expect(one.inbox.note(1, [{ index: 0, handler: 'a' }])).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
    const ends = { rows: [], at: START, dead: [], quarantined: [], unhandled: {}, copies: [] }
    expect(await one.inbox.saveProgress([{ seq: 1, row: null, next: 1, over: {}, parts: 0, ...ends }])).toEqual([1])
    expect((await two.claim())[0]).toMatchObject({ deaths: [], progress: [] })
  })

  it('a claim at the very moment of a reap claims nothing', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 5)
    // What it says of itself once is said.
    await one.claim({ maxDeliveries: 0 })
    const [first] = await owners()
    const reaper = new pg.Client({ connectionString: server.url })
    await reaper.connect()
    try {
      await reaper.query('BEGIN')
      await reaper.query(`DELETE FROM "${schema}".process WHERE owner = ${first}`)
      const claiming = one.claim()
      await expect.poll(() => waiting(server)).toBeGreaterThan(0)
      await reaper.query('COMMIT')
      expect(await claiming).toEqual([])
    } finally {
      await reaper.end()
    }
    expect(await sql('SELECT seq FROM @pass WHERE owner IS NOT NULL')).toEqual([])
    expect(await two.claim()).toHaveLength(5)
  })

  it('the server ends a transaction whose process does not go on, and the session stays as it was', async () => {
    const pool = await connect(server.url)
    const db = new Database({ pool, schema, cut: new Cut(), tell: () => {} })
    const limitOf = async (one: Pick<Database, 'all'>) => await one.all('SHOW idle_in_transaction_session_timeout')
    try {
      expect(await db.transaction(limitOf)).toEqual([{ idle_in_transaction_session_timeout: '20s' }])
      expect(await db.snapshot(limitOf)).toEqual([{ idle_in_transaction_session_timeout: '20s' }])
      expect(await limitOf(db)).toEqual([{ idle_in_transaction_session_timeout: '0' }])
      const ended = db.transaction(async (tx) => {
        await tx.all("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
        await expect.poll(() => server.run("SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in%'")).toEqual([])
        await tx.all('SELECT 1')
      })
      await expect(ended).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
      expect(await db.all('SELECT 1 AS one')).toEqual([{ one: 1 }])
    } finally {
      await pool.end()
    }
  })

  it('is not reaped while it claims', async () => {
    const [one, two] = [await join(), await join()]
    const [first] = await owners()
    const claimer = new pg.Client({ connectionString: server.url })
    await claimer.connect()
    try {
      await claimer.query('BEGIN')
      await claimer.query(`SELECT 1 FROM "${schema}".process WHERE owner = ${first} FOR KEY SHARE`)
      await endLease(0)
      await two.port.reap()
      expect(await owners()).toHaveLength(2)
      await claimer.query('COMMIT')
    } finally {
      await claimer.end()
    }
    await two.port.reap()
    expect(await owners()).toHaveLength(1)
    await one.inbox.stats()
  })

  it('that finds its lease over goes on as another, tells what it has lost, and claims anew', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 2)
    expect(await one.claim()).toHaveLength(2)
    const before = await owners()
    await endLease(0)
    await two.port.reap()
    await one.port.renew()
    await expect.poll(() => one.lost.length, { timeout: 10_000 }).toBe(2)
    expect(await owners()).toHaveLength(2)
    expect(await owners()).not.toContain(before[0])
    expect(await one.claim()).toMatchObject([{ careful: true }, { careful: true }])
  })

  it('goes on with its claims where nobody has reaped it, though its lease was over', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 2)
    await one.claim()
    await sql(`UPDATE @process SET until = now() - interval '1 s' WHERE owner = ${(await owners())[0]}`)
    await one.port.renew()
    await two.port.reap()
    expect(await two.claim()).toEqual([])
    await one.inbox.settle(firstPass(1))
    expect(one.lost).toEqual([])
  })

  it('keeps what it has while nobody has reaped it: notes, progress and claims are its own, though its lease is over', async () => {
    const one = await join()
    await fill(one.inbox, 2)
    await one.claim({ maxDeliveries: 1 })
    await endLease(0)
    await one.port.reap()
    await one.inbox.note(1, [{ index: 0, handler: 'a' }])
    const ends = { rows: [], at: START, dead: [], quarantined: [], unhandled: {}, copies: [] }
    expect(await one.inbox.saveProgress([{ seq: 1, row: null, next: 1, over: {}, parts: 0, ...ends }])).toEqual([])
    expect(seqsOf(await one.claim())).toEqual([2])
    await one.inbox.settle(firstPass(1))
  })

  it('takes nothing from others before they had the time of a lease, where it could not renew its own either', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 2)
    await one.claim()
    const began = process.hrtime.bigint()
    let passedMs = 61_000
    const steady = vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => began + BigInt(passedMs) * 1_000_000n)
    try {
      await endLease(0)
      await two.port.reap()
      await two.port.renew()
      await two.port.reap()
      expect(await owners()).toHaveLength(2)
      passedMs += 59_000
      await two.port.renew()
      await two.port.reap()
      await one.port.renew()
      await one.inbox.settle(firstPass(1))
      expect(one.lost).toEqual([])
      await endLease(0)
      passedMs += 2_000
      await two.port.reap()
      expect(await owners()).toEqual([two.port.owner])
    } finally {
      steady.mockRestore()
    }
  })

  it('goes on with its claims after a server that was away for longer than a lease', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 2)
    await one.claim()
    const owner = (await owners())[0]
    server.stop('immediate')
    server.start()
    await sql("UPDATE @process SET until = now() - interval '1 s'")
    await two.port.renew()
    await two.port.reap()
    expect(await two.claim()).toEqual([])
    await one.port.renew()
    await one.inbox.settle(firstPass(1))
    expect([one.lost, (await owners())[0]]).toEqual([[], owner])
    // One that does not come back in time is dead.
    await endLease(0)
    await two.port.reap()
    expect((await two.claim()).map(({ careful }) => careful)).toEqual([true])
  })

  it('goes on with its claims as long as it renews', async () => {
    const one = await join(realAfter, 1_000)
    const two = await join(realAfter, 1_000)
    await fill(one.inbox, 1)
    await one.claim()
    const [until] = await sql('SELECT max(until) AS until FROM @process')
    await expect
      .poll(
        async () =>
          (
            await sql(
              `SELECT min(until) > '${toIso(until!.until)}'::timestamptz + interval '2 seconds' AS later FROM @process`,
            )
          )[0]!.later,
        { timeout: 20_000 },
      )
      .toBe(true)
    expect(await two.claim()).toEqual([])
    await one.inbox.settle(firstPass(1))
    expect(one.lost).toEqual([])
  })

  it('keeps a lease of an hour where the clock of the server was set back, as seen by one whose lease is short', async () => {
    const one = await join(never, 3_600_000)
    const two = await join(never, 1_000)
    await fill(one.inbox, 1)
    await one.claim()
    await sql(`UPDATE @process SET until = until + interval '10 minutes' WHERE owner = ${(await owners())[0]}`)
    await two.port.reap()
    const [left] = await sql(`SELECT until BETWEEN now() + interval '50 minutes' AND now() + interval '1 hour' AS whole
      FROM @process WHERE owner = ${(await owners())[0]}`)
    expect(left).toEqual({ whole: true })
    await one.inbox.settle(firstPass(1))
  })

  it('leaves at once what it had, when it is closed', async () => {
    const [one, two] = [await join(), await join()]
    await fill(one.inbox, 2)
    await one.claim()
    await one.inbox.close()
    expect((await two.claim()).map(({ careful }) => careful)).toEqual([false, false])
    expect(await owners()).toHaveLength(1)
  })

  it('hears of a pause that another has asked for', async () => {
    const [one, two] = [await join(realAfter, 1_000), await join()]
    const lists: unknown[] = []
    one.port.on({ paused: (paused) => void lists.push(paused) })
    await two.inbox.pause('a', 'hand')
    await expect.poll(() => lists, { timeout: 10_000 }).toMatchObject([[{ handler: 'a', by: 'hand' }]])
  })

  it('hears of work that another has made', async () => {
    const [one, two] = [await join(realAfter), await join()]
    let told = 0
    one.port.on({ work: () => void told++ })
    await two.inbox.accept(newDelivery('x'))
    await expect.poll(() => told, { timeout: 10_000 }).toBeGreaterThan(0)
    expect(await one.claim()).toHaveLength(1)
  })

  it('the work of a source that it does not know is left to others, and counted where nobody knows it', async () => {
    const [one, two] = [await join(), await join()]
    await one.inbox.accept(newDelivery('x', { source: 'shop' }))
    const { claims, unknownSources } = await one.inbox.claim({ ...ALL, sources: ['outlet'] })
    expect([claims, unknownSources]).toEqual([[], ['shop']])
    expect((await one.inbox.stats()).orphanedSources).toEqual({ shop: 1 })
    const [claim] = await two.claim({ sources: ['shop'] })
    expect(claim?.delivery.source).toBe('shop')
    expect((await one.inbox.stats()).orphanedSources).toEqual({})
    await two.inbox.settle(firstPass(1, { rows: [row('a', START)] }))
    expect(await one.claim({ sources: ['outlet'] })).toEqual([])
    const [again] = await two.claim({ sources: ['shop'] })
    await two.inbox.settle(retried(again!))
  })

  describe('an event that two deliveries bring at the same moment', () => {
    const [HOUR, keys] = [3_600_000, Float64Array.of(1, 2, 3, 4)]
    /** In the slice that `START` is in. */
    const insert = (client: pg.Client, slice: number, seq: number) =>
      client.query(`INSERT INTO "${schema}".event_key VALUES (${HOUR / 4}, ${slice}, 3, 4, ${seq})`)

    async function whileInserted(slice: number, run: () => Promise<unknown>) {
      const other = new pg.Client({ connectionString: server.url })
      await other.connect()
      try {
        await other.query('BEGIN')
        await insert(other, slice, 77)
        const running = run()
        await expect.poll(() => waiting(server)).toBeGreaterThan(0)
        await other.query('COMMIT')
        return await running
      } finally {
        await other.end()
      }
    }

    it('belongs to the one that reserves it first, also where the other has not ended its transaction', async () => {
      const { inbox } = await join()
      const slice = START / (HOUR / 4)
      expect(await whileInserted(slice, () => inbox.reserve(HOUR, START, 1, keys))).toEqual([1, 77])
      expect(await inbox.owners(HOUR, keys)).toEqual([1, 77])
    })

    it('belongs to one where the clocks of two processes are in two slices of time', async () => {
      const at = (ms: number): Clock => ({ ...clock, now: () => START + ms })
      const both = await Promise.all([join(never, 60_000, at(-1)), join(never, 60_000, at(0))])
      for (let n = 0; n < 40; n++) {
        const own = Float64Array.of(n, 1)
        const owners = await Promise.all(both.map(({ inbox }, who) => inbox.reserve(HOUR, 0, 2 * n + who + 1, own)))
        expect(owners[0], `${n}`).toEqual(owners[1])
      }
    })

    it('keys that have expired go as others come', async () => {
      const { inbox } = await join()
      await sql(`INSERT INTO @event_key SELECT ${HOUR / 4}, n, 1, 1, 1 FROM generate_series(1, 9) n`)
      await inbox.reserve(HOUR, START, 1, keys)
      expect(await sql('SELECT count(*)::int AS n FROM @event_key')).toEqual([{ n: 7 }])
    })
  })

  it('the backlog is that of all, whoever accepts and settles', async () => {
    const [one, two] = [await join(realAfter), await join()]
    await fill(one.inbox, 2)
    for (const { delivery } of await two.claim()) await two.inbox.settle(firstPass(delivery.seq))
    expect(one.inbox.backlogBytes()).toBeGreaterThan(0)
    await expect.poll(() => one.inbox.backlogBytes(), { timeout: 15_000 }).toBe(0)
  })

  it('what was begun before an error of the inbox itself is not kept', async () => {
    const one = await join()
    await fill(one.inbox, 1)
    await one.claim()
    await one.inbox.settle(firstPass(1))
    await one.inbox.cancel('r_1', 1)
    const mark = { run: 'r_1', name: null, unhandled: false }
    await expect(one.inbox.replay(mark, [])).rejects.toMatchObject({ code: 'ERR_REPLAY_CANCELLED' })
    const open = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    expect(await server.run(open)).toEqual([{ n: 0 }])
  })

  it('a process whose clock is wrong retries no earlier and no later', async () => {
    for (const error of [-3_600_000, 3_600_000]) {
      const wrong: Clock = { ...clock, now: () => Date.now() + error }
      const port = new PostgresInbox({ ...settingsFor(server, newSchema()), measuresTime: true })
      ports.push(port)
      const { inbox, claim, nextDueAt } = await openWith(new TestInbox(port), ['a'], { ...wrong, advance: () => {} })
      await fill(inbox, 2)
      await claim()
      const at = wrong.now()
      await inbox.settle(firstPass(1, { at, rows: [row('a', at + 60_000)] }))
      await inbox.settle(firstPass(2, { at, rows: [row('a', at)] }))
      expect(seqsOf(await claim())).toEqual([2])
      expect(Math.abs((await nextDueAt())! - at - 60_000)).toBeLessThan(5_000)
    }
  })

  it('starts that race make the tables once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => join()))
    await all[0]!.inbox.accept(newDelivery('x'))
    expect((await all[5]!.inbox.stats()).pending).toBe(1)
    expect(await owners()).toHaveLength(6)
  })

  it('refuses a schema that a newer version has made', async () => {
    await join()
    await sql('UPDATE @control SET least_client = 1000')
    await expect(join()).rejects.toMatchObject({ code: 'ERR_INBOX_VERSION' })
  })
})

const toIso = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value))

/** Statements that wait for a lock. */
async function waiting(server: Server): Promise<number> {
  const [row] = await server.run("SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
  return Number(row!.n)
}
