/** Which of several processes runs a handler with an order, and what the others do meanwhile. */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import type { Client, Connections } from '../../../src/inboxes/postgres/db/driver.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import type { Claimed, ClaimRequest } from '../../../src/ports/inbox/claims.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { firstPass, newDelivery, type Opened, openWith, retried, row, START, seqsOf } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

const ORDERED = [{ name: 'a', formerly: [], ordered: true }]

/** Statements with some text in them, kept back: their answers from the inbox, or they themselves from the server. */
class SlowAnswers {
  #of = '\0'
  #keeps: 'answers' | 'statements' = 'answers'
  #lost = '\0'
  #kept = Promise.withResolvers<void>()
  #passed = Promise.withResolvers<void>()
  readonly #slowed = new WeakSet<Client>()

  /** Resolves when the server has answered such a statement. */
  keep(text: string): Promise<void> {
    this.#of = text
    return this.#kept.promise
  }

  /** Resolves when such a statement is asked for. */
  holdBack(text: string): Promise<void> {
    this.#keeps = 'statements'
    return this.keep(text)
  }

  /** Statements with this text fail; '\0': none. */
  lose(text: string): void {
    this.#lost = text
  }

  pass(): void {
    this.#of = '\0'
    this.#passed.resolve()
  }

  async around(connecting: Promise<Connections>): Promise<Connections> {
    const pool = await connecting
    return { ...pool, connect: async () => this.#slow(await pool.connect()) }
  }

  #slow(client: Client): Client {
    if (this.#slowed.has(client)) return client
    this.#slowed.add(client)
    const query = client.query.bind(client) as Client['query']
    const slowly = async (config: Parameters<Client['query']>[0]) => {
      const has = (text: string) => 'text' in config && String(config.text).includes(text)
      if (has(this.#lost)) throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' })
      const wait = async (keeps: 'answers' | 'statements') => {
        if (this.#keeps !== keeps || !has(this.#of)) return
        this.#kept.resolve()
        await this.#passed.promise
      }
      await wait('statements')
      const answer = await query(config as never)
      await wait('answers')
      return answer
    }
    return Object.assign(client, { query: slowly })
  }
}

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let schema: string
  let open: Opened[]

  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)
  beforeEach(() => {
    schema = newSchema()
    open = []
  })
  afterEach(async () => {
    for (const { inbox } of open) await inbox.close()
  })

  async function start(
    handlers: Parameters<typeof openWith>[1] = ORDERED,
    settings: Partial<ReturnType<typeof settingsFor>> = {},
  ): Promise<Opened> {
    const opened = await openWith(new PostgresInbox({ ...settingsFor(server, schema), ...settings }), handlers)
    open.push(opened)
    return opened
  }

  const ask = ({ inbox }: Opened, changes: Partial<ClaimRequest> = {}, name = 'a'): Promise<Claimed> =>
    inbox.claim({
      handlers: [name],
      ordered: [{ handler: name, claimBefore: Number.MAX_SAFE_INTEGER, reached: 0 }],
      maxDeliveries: 100,
      maxBytes: 1e9,
      ...changes,
    })
  const given = async (process: Opened, changes: Partial<ClaimRequest> = {}) =>
    (await ask(process, changes)).claims.map(({ delivery, apart, rows }) => [
      delivery.seq,
      rows === null ? apart : 'rows',
    ])
  const unread = () => row('a', START, { attempts: 0, orderKey: undefined })
  const accept = async ({ inbox }: Opened, ...ids: string[]) => {
    for (const id of ids) await inbox.accept(newDelivery(id))
  }
  /** As after a kill, once the lease is over and the other has seen it. */
  async function lose({ inbox }: Opened, other: Opened): Promise<void> {
    const { owner } = inbox.port as PostgresInbox
    await server.run(
      `UPDATE "${schema}".process SET until = now() - interval '1 s', lease_ms = 0 WHERE owner = ${owner}`,
    )
    await (other.inbox.port as PostgresInbox).reap()
  }

  it('one runs it; what the first passes of another leave waits for those before it, and comes in order', async () => {
    const [owner, other] = [await start(), await start()]
    await accept(owner, 'x', 'y', 'z')
    expect(await given(other, { maxDeliveries: 1 })).toEqual([[1, ['a']]])
    expect(await given(owner, { maxDeliveries: 1 })).toEqual([[2, ['a']]])
    await owner.inbox.settle(firstPass(2, { rows: [unread()] }))
    expect(await given(owner, { maxDeliveries: 9 })).toEqual([[3, ['a']]])
    await owner.inbox.settle(firstPass(3, { rows: [unread()] }))
    expect(await given(owner)).toEqual([])
    await other.inbox.settle(firstPass(1, { rows: [unread()] }))
    expect(await given(other)).toEqual([])
    expect(await given(owner)).toEqual([
      [1, 'rows'],
      [2, 'rows'],
      [3, 'rows'],
    ])
    for (const seq of [1, 2, 3]) await owner.inbox.settle({ ...firstPass(seq), firstPass: false, events: null })
    await server.run(`DELETE FROM "${schema}".work`)
    await accept(owner, 'next')
    expect(await given(owner)).toEqual([[4, []]])
  })

  it('what it leaves itself while it asks what else is before a delivery is before it', async () => {
    const answers = new SlowAnswers()
    const owner = await start(ORDERED, { connect: () => answers.around(connect(server.url)) })
    const other = await start()
    await accept(owner, 'x', 'y')
    expect(await given(other, { maxDeliveries: 1 })).toEqual([[1, ['a']]])
    expect(await given(owner)).toEqual([[2, ['a']]])
    await other.inbox.settle(firstPass(1))
    await accept(owner, 'z')
    const kept = answers.keep('AS begun')
    const claimed = ask(owner)
    await kept
    await owner.inbox.settle(firstPass(2, { rows: [unread()] }))
    answers.pass()
    expect(await claimed).toMatchObject({ claims: [{ delivery: { seq: 3 }, apart: ['a'] }] })
    await owner.inbox.settle(firstPass(3, { rows: [unread()] }))
    expect(await given(owner)).toEqual([
      [2, 'rows'],
      [3, 'rows'],
    ])
  })

  it('when it has ended, another takes the handler with the keys that are held', async () => {
    const [owner, other] = [await start(), await start()]
    await accept(owner, 'x')
    await ask(owner)
    await owner.inbox.settle(firstPass(1, { rows: [row('a', START + 50, { orderKey: 7 })] }))
    expect((await ask(other)).taken).toEqual([])
    await owner.inbox.close()
    open.splice(open.indexOf(owner), 1)
    expect((await ask(other)).taken).toMatchObject([{ handler: 'a', held: [7] }])
    expect((await ask(other)).taken).toEqual([])
    await accept(other, 'y')
    expect(await given(other)).toEqual([[2, []]])
  })

  it('a claim tells what it has taken, though something is stored meanwhile', { timeout: 30_000 }, async () => {
    const answers = new SlowAnswers()
    const [owner, other] = [await start(), await start(ORDERED, { connect: () => answers.around(connect(server.url)) })]
    await accept(owner, 'x')
    await ask(owner)
    await owner.inbox.settle(firstPass(1, { rows: [row('a', START + 50, { orderKey: 7 })] }))
    await lose(owner, other)
    const locker = new pg.Client(server.url)
    await locker.connect()
    await locker.query(`BEGIN; LOCK TABLE "${schema}".key IN EXCLUSIVE MODE`)
    const accepted = accept(other, 'y')
    const looked = answers.keep('fit AS')
    const claimed = ask(other)
    await looked
    await locker.end()
    await accepted
    answers.pass()
    expect(await claimed).toMatchObject({ taken: [{ handler: 'a', held: [7] }] })
    expect(await given(other)).toEqual([[2, []]])
  })

  it('a claim tells of a source that it does not know, though something is stored meanwhile', {
    timeout: 30_000,
  }, async () => {
    const answers = new SlowAnswers()
    const { inbox } = await start(['a'], { connect: () => answers.around(connect(server.url)) })
    await inbox.accept(newDelivery('x', { source: 'outlet' }))
    const locker = new pg.Client(server.url)
    await locker.connect()
    await locker.query(`BEGIN; LOCK TABLE "${schema}".key IN EXCLUSIVE MODE`)
    const accepted = inbox.accept(newDelivery('y'))
    const looked = answers.keep('SELECT DISTINCT source')
    const claimed = inbox.claim({ handlers: ['a'], sources: ['shop'], maxDeliveries: 100, maxBytes: 1e9 })
    await looked
    await locker.end()
    await accepted
    answers.pass()
    expect(await claimed).toMatchObject({ unknownSources: ['outlet'] })
  })

  it('when it was killed, another takes it with what was under way, and nothing of the former one is stored', async () => {
    const [owner, other] = [await start(), await start()]
    await accept(owner, 'x', 'y')
    const { claims } = await ask(owner)
    await owner.inbox.settle(
      firstPass(1, { rows: [unread(), row('a', START, { orderKey: 7, parked: true, first: 1, last: 1 })] }),
    )
    const [row1] = (await ask(owner)).claims
    expect(row1?.rows).toHaveLength(1)
    await lose(owner, other)
    expect((await ask(other)).taken).toMatchObject([{ held: [7] }])
    await expect(owner.inbox.settle(retried(row1!))).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
    await expect(owner.inbox.settle(firstPass(2))).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
    expect(seqsOf(claims)).toEqual([1, 2])
    // It wakes nothing either.
    await server.run(`UPDATE "${schema}".work SET state = 1 WHERE order_key = 7`)
    expect(await owner.inbox.wake?.([{ handler: 'a', key: 7 }], 9)).toEqual([])
  })

  it('one whose lease is over, and that nobody has reaped, runs it still: it wakes and hears of its keys', async () => {
    const owner = await start()
    const told: unknown[] = []
    owner.inbox.port.on({ freed: (keys) => told.push(keys) })
    await accept(owner, 'x', 'y')
    await ask(owner)
    for (const seq of [1, 2])
      await owner.inbox.settle(firstPass(seq, { rows: [row('a', START, { orderKey: 7, parked: true })] }))
    await server.run(`UPDATE "${schema}".process SET until = now() - interval '1 s'`)
    expect(await owner.inbox.wake([{ handler: 'a', key: 7 }], 9)).toEqual([{ handler: 'a', key: 7 }])
    await owner.inbox.erase([{ seq: 2, indices: [0] }])
    await expect.poll(() => told).toEqual([[{ handler: 'a', key: 7 }]])
  })

  it('one that has lost it stands by, and takes it anew when it is free', async () => {
    const [owner, other] = [await start(), await start()]
    await lose(owner, other)
    await (owner.inbox.port as PostgresInbox).renew()
    expect((await ask(other)).taken).toMatchObject([{ handler: 'a' }])
    await accept(owner, 'x')
    expect(await given(owner)).toEqual([[1, ['a']]])
    await owner.inbox.settle(firstPass(1))
    await other.inbox.close()
    open.splice(open.indexOf(other), 1)
    expect((await ask(owner)).taken).toMatchObject([{ handler: 'a', held: [] }])
  })

  it('what was claimed and is read when the lease is over is not handed out', { timeout: 30_000 }, async () => {
    const [owner, other] = [await start(), await start()]
    await accept(owner, 'x')
    const reader = new pg.Client(server.url)
    await reader.connect()
    await reader.query('BEGIN')
    await reader.query(`LOCK TABLE "${schema}".body IN ACCESS EXCLUSIVE MODE`)
    const claimed = ask(owner)
    const waits = async () => (await server.run('SELECT 1 FROM pg_locks WHERE NOT granted')).length
    await expect.poll(waits, { timeout: 10_000 }).toBeGreaterThan(0)
    await lose(owner, other)
    await (owner.inbox.port as PostgresInbox).renew()
    await reader.end()
    expect(await claimed).toMatchObject({ claims: [], unread: ['a'] })
    expect((await ask(other)).claims).toHaveLength(1)
  })

  it('a settlement that comes late ends nothing that its process has claimed anew', { timeout: 30_000 }, async () => {
    const [owner, other] = [await start(), await start()]
    await accept(owner, 'x', 'y')
    expect((await ask(owner)).claims).toHaveLength(2)
    const reader = new pg.Client(server.url)
    await reader.connect()
    await reader.query(`BEGIN; LOCK TABLE "${schema}".settled IN EXCLUSIVE MODE`)
    const settle = (...settlement: Parameters<typeof firstPass>) =>
      owner.inbox.settle(firstPass(...settlement)).catch((error: unknown) => error)
    const first = settle(1)
    const waits = async () => (await server.run('SELECT 1 FROM pg_locks WHERE NOT granted')).length
    await expect.poll(waits, { timeout: 10_000 }).toBeGreaterThan(0)
    const late = settle(2, { rows: [row('a', START, { orderKey: 7 })] })
    await lose(owner, other)
    await (owner.inbox.port as PostgresInbox).renew()
    expect(await ask(other, { maxDeliveries: 0 })).toMatchObject({ taken: [{ handler: 'a' }], claims: [] })
    expect(await given(owner)).toEqual([
      [1, ['a']],
      [2, ['a']],
    ])
    await reader.end()
    for (const settled of [first, late]) expect(await settled).toMatchObject({ code: 'ERR_CLAIM_LOST' })
    await owner.inbox.settle(firstPass(2, { rows: [unread()] }))
    await owner.inbox.settle(firstPass(1, { rows: [unread()] }))
    expect(await given(other)).toEqual([
      [1, 'rows'],
      [2, 'rows'],
    ])
  })

  it('nor where it gave its claims up while the database was away, and nobody has reaped it', async () => {
    const answers = new SlowAnswers()
    const owner = await start(ORDERED, { leaseMs: 1, connect: () => answers.around(connect(server.url)) })
    const port = owner.inbox.port as PostgresInbox
    const lost: unknown[] = []
    port.on({ lost: (tokens) => lost.push(...tokens) })
    await accept(owner, 'x')
    await ask(owner)
    const asked = answers.holdBack('WITH mine AS')
    const late = owner.inbox
      .settle(firstPass(1, { rows: [row('a', START, { orderKey: 7 })] }))
      .catch((error: unknown) => error)
    await asked
    answers.lose('SET until')
    await port.renew()
    expect(lost).toHaveLength(1)
    expect(await ask(owner)).toMatchObject({ taken: [], claims: [] })
    answers.lose('\0')
    await port.renew()
    const anew = [{ careful: false, delivery: { seq: 1 }, apart: ['a'] }]
    expect(await ask(owner)).toMatchObject({ taken: [{ handler: 'a' }], claims: anew })
    answers.pass()
    expect(await late).toMatchObject({ code: 'ERR_CLAIM_LOST' })
    await owner.inbox.settle(firstPass(1, { rows: [unread()] }))
    expect(await given(owner)).toEqual([[1, 'rows']])
    expect(await server.run(`SELECT 'shop' = ANY (sources) AS known FROM "${schema}".process`)).toEqual([
      { known: true },
    ])
  })

  it('a handler that is renamed stays with the process that runs it under its old name', async () => {
    const owner = await start()
    const next = await start([{ name: 'b', formerly: ['a'], ordered: true }])
    const asked = () => ask(next, {}, 'b')
    expect((await asked()).taken).toEqual([])
    await owner.inbox.close()
    open.splice(open.indexOf(owner), 1)
    expect((await asked()).taken).toMatchObject([{ handler: 'b' }])
  })

  it('and there its events wait, those that come too, behind what it had stored before', async () => {
    const owner = await start()
    await accept(owner, 'x', 'y')
    await ask(owner)
    await owner.inbox.settle(firstPass(1, { rows: [row('a', START, { orderKey: 7, parked: true })] }))
    const next = await start([{ name: 'b', formerly: ['a'], ordered: true }])
    expect(await owner.inbox.wake([{ handler: 'a', key: 7 }], 9)).toEqual([{ handler: 'a', key: 7 }])
    await owner.inbox.settle(firstPass(2, { rows: [row('a', START, { orderKey: 7, parked: true })] }))
    await accept(owner, 'z')
    expect(await ask(owner)).toMatchObject({ taken: [], claims: [{ apart: ['a'] }] })
    await owner.inbox.settle(firstPass(3, { rows: [unread()] }))
    await owner.inbox.close()
    open.splice(open.indexOf(owner), 1)
    expect((await ask(next, {}, 'b')).taken).toMatchObject([{ handler: 'b', held: [7] }])
    expect((await ask(next, {}, 'b')).claims.map(({ delivery }) => delivery.seq)).toEqual([1, 3])
  })

  it('one that loses its order leaves nothing parked that a settlement was about to store', async () => {
    const answers = new SlowAnswers()
    const owner = await start(ORDERED, { connect: () => answers.around(connect(server.url)) })
    await accept(owner, 'x')
    await ask(owner)
    const asked = answers.keep('.work (id, seq')
    const settled = owner.inbox.settle(firstPass(1, { rows: [row('a', START, { orderKey: 7, parked: true })] }))
    await asked
    const starting = start(['a'])
    const waits = async () => (await server.run('SELECT 1 FROM pg_locks WHERE NOT granted')).length
    await Promise.race([starting, expect.poll(waits, { timeout: 10_000 }).toBeGreaterThan(0)])
    answers.pass()
    await settled
    expect(await given(await starting, { ordered: [] })).toEqual([[1, 'rows']])
  })

  it('keys of rows that somebody has removed are told to whoever runs the handler', async () => {
    const [owner, other] = [await start(), await start()]
    const told: unknown[] = []
    for (const { inbox } of [owner, other]) inbox.port.on({ freed: (keys) => told.push([inbox === owner.inbox, keys]) })
    await accept(owner, 'x')
    await ask(owner)
    await owner.inbox.settle(firstPass(1, { events: 1, rows: [row('a', START + 50, { orderKey: 7 })] }))
    await other.inbox.erase([{ seq: 1, indices: [0] }])
    await owner.inbox.erase([{ seq: 9, indices: [0] }])
    await expect.poll(() => told).toEqual([[true, [{ handler: 'a', key: 7 }]]])
  })
})
