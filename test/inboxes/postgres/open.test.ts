/** What `postgres` takes, and what it refuses at the start. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { faultOf, toInboxError } from '../../../src/inboxes/postgres/db/failure.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { type PostgresPool, postgres } from '../../../src/inboxes/postgres/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { everything, firstPass, keptLines, newDelivery, openWith } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

describe('the options', () => {
  const url = 'postgres://somebody:secret@db.internal/events'

  it.each([
    [{}, 'connectionString'],
    [{ connectionString: 'mysql://x' }, 'connectionString'],
    [{ connectionString: 'postgres://somebody:secret/word@db.internal/events' }, 'connectionString'],
    [{ connectionString: 'postgres://somebody:secret@db.internal:port/events' }, 'connectionString'],
    [{ connectionString: url, schema: 'Quoted"' }, 'schema'],
    [{ connectionString: url, schema: 'pg_posthorn' }, 'schema'],
    [{ connectionString: url, leaseMs: 5 }, 'leaseMs'],
    [{ connectionString: url, stallMs: Number.NaN }, 'stallMs'],
    [{ connectionString: url, durability: 'none' }, 'durability'],
    [{ connectionString: url, pool: {} }, 'pool'],
    [{ pool: {} }, 'pool'],
    [{ pool: new pg.Pool({ max: 3 }) }, 'pool'],
    [{ pool: new pg.Pool(), stallMs: 2_000 }, 'stallMs'],
    [{ connectionString: url, migrate: 'later' }, 'migrate'],
    [{ connectionString: url, conectionString: url }, 'connectionString'],
  ])('%j are refused, by name', (options, name) => {
    expect(() => postgres(options as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    expect(() => postgres(options as never)).toThrow(name)
    expect(() => postgres(options as never)).not.toThrow('secret')
  })

  it('take a socket in the place of a host', () => {
    expect(postgres({ connectionString: 'postgres://somebody:secret@/events?host=/run' }).kind).toBe('postgres')
  })

  it('open nothing before the start', () => {
    expect(postgres({ connectionString: url }).kind).toBe('postgres')
  })

  it('a server that is not there is told at the start, without the password', async () => {
    const inbox = postgres({ connectionString: 'postgres://somebody:secret@127.0.0.1:1/events' })
    const failing = openWith(inbox[port], ['a'])
    await expect(failing).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
    await expect(failing).rejects.toThrow('PostgreSQL cannot be reached: ECONNREFUSED.')
    await expect(failing).rejects.not.toThrow('secret')
  })

  it('a close after a start that failed leaves no timer', async () => {
    const inbox = postgres({ connectionString: 'postgres://somebody@127.0.0.1:1/events' })[port]
    await expect(openWith(inbox, ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    inbox.endWithin?.(60_000)
    const closing = inbox.close()
    expect(timers()).toBe(before)
    await closing
  })

  it('a code of Node is none of PostgreSQL: the connection is lost', () => {
    const written = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    expect(faultOf(written)).toBe('lost')
    expect(toInboxError(written)).toMatchObject({ message: 'PostgreSQL cannot be reached: EPIPE.' })
    expect(faultOf(Object.assign(new Error('internal'), { code: 'XX000' }))).toBe('store')
  })
})

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  it.each([
    ['fsync is off', null],
    ['it is read only', 'ALTER ROLE reader SET default_transaction_read_only = on'],
  ])('a server that could lose what it has stored is refused: %s', async (_why, statement) => {
    await server.run('DROP ROLE IF EXISTS reader; CREATE ROLE reader SUPERUSER LOGIN')
    if (statement !== null) await server.run(statement)
    const url = server.url.replace('postgres@', 'reader@')
    const settings = { ...settingsFor(server, newSchema()), connect: () => connect(url), durability: 'strict' as const }
    await expect(openWith(new PostgresInbox(settings), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_UNSAFE' })
  })

  it('a pool of the application is used, and left to it', async () => {
    const pool = new pg.Pool({ connectionString: server.url })
    const given: PostgresPool = pool
    const { inbox } = await openWith(postgres({ pool: given, schema: newSchema(), durability: 'relaxed' })[port], ['a'])
    expect(await inbox.accept(newDelivery('x'))).toMatchObject({ status: 'accepted' })
    await expect
      .poll(async () => (await inbox.claim({ handlers: ['a'], maxDeliveries: 1, maxBytes: 1e6 })).claims)
      .toHaveLength(1)
    await inbox.close()
    expect(pool.listenerCount('error')).toBe(0)
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pool.end()
  })

  it('tables that a start may not make must be there', async () => {
    const schema = newSchema()
    const never = () => new PostgresInbox({ ...settingsFor(server, schema), migrates: false })
    await expect(openWith(never(), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_VERSION' })
    expect(await server.run(`SELECT 1 FROM pg_namespace WHERE nspname = '${schema}'`)).toEqual([])
    await (await openWith(new PostgresInbox(settingsFor(server, schema)), ['a'])).inbox.close()
    await (await openWith(never(), ['a'])).inbox.close()
    await server.run(`UPDATE "${schema}".control SET version = 0`)
    await expect(openWith(never(), ['a'])).rejects.toThrow('migrate')
  })

  it('a server that is read only is refused with any durability, and says so', async () => {
    await server.run('DROP ROLE IF EXISTS reader; CREATE ROLE reader SUPERUSER LOGIN')
    await server.run('ALTER ROLE reader SET default_transaction_read_only = on')
    const url = server.url.replace('postgres@', 'reader@')
    const opening = openWith(new PostgresInbox({ ...settingsFor(server, newSchema()), connect: () => connect(url) }), [
      'a',
    ])
    await expect(opening).rejects.toMatchObject({ code: 'ERR_INBOX_UNSAFE' })
    await expect(opening).rejects.not.toThrow('relaxed')
  })

  it('who does not own the tables is told that erased bytes may be left in their files', async () => {
    const schema = newSchema()
    await (await openWith(new PostgresInbox(settingsFor(server, schema)), ['a'])).inbox.close()
    await server.run(`CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA ${schema} TO guest;
      GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO guest; GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO guest`)
    const url = server.url.replace('postgres@', 'guest@')
    const port = new PostgresInbox({ ...settingsFor(server, schema), connect: () => connect(url) })
    const { inbox } = await openWith(port, ['a'])
    await expect(port.carryOut({ kind: 'purge', from: null })).rejects.toMatchObject({
      code: 'ERR_INBOX_IO',
      message: expect.stringContaining('owner'),
    })
    await inbox.close()
    await server.run('DROP OWNED BY guest; DROP ROLE guest')
  })

  it('of what was erased no trace is left in the files', async () => {
    const schema = newSchema()
    const { inbox } = await openWith(new PostgresInbox(settingsFor(server, schema)), ['a'])
    await inbox.accept(newDelivery('x'))
    await inbox.claim({ handlers: ['a'], maxDeliveries: 1, maxBytes: 1e9 })
    await inbox.settle(firstPass(1, { trace: Buffer.from('a trace of somebody') }))
    const isLeft = async () => {
      await server.run('CHECKPOINT')
      const [file] = await server.run(`SELECT position('a trace of'::bytea IN pg_read_binary_file(
        pg_relation_filepath('${schema}.settled'))) > 0 AS "isLeft"`)
      return file?.isLeft
    }
    expect(await isLeft()).toBe(true)
    await inbox.erase([{ seq: 1, indices: null }])
    for (let at = await inbox.purge(); at !== null; ) at = await inbox.purge(at)
    expect(await isLeft()).toBe(false)
    await inbox.close()
  })

  it('says what the server is, and how many standbys commits wait for', async () => {
    const logger = keptLines()
    const { inbox } = await openWith(new PostgresInbox(settingsFor(server, newSchema())), ['a'], undefined, logger)
    expect(logger.lines).toMatchObject([{ level: 'info', facts: { event: 'inbox.opened', standbys: 0 } }])
    await inbox.close()
  })

  it.each(['control (x int4)', 'delivery (x int4)'])("a schema that is another's is told to be: %s", async (table) => {
    const schema = newSchema()
    await server.run(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.${table}`)
    const opening = openWith(new PostgresInbox(settingsFor(server, schema)), ['a'])
    await expect(opening).rejects.toMatchObject({
      code: 'ERR_INBOX_IO',
      message: expect.stringContaining('of its own'),
    })
  })

  it('a name that cannot be stored is refused with the reason', async () => {
    const opening = openWith(new PostgresInbox(settingsFor(server, newSchema())), ['a\0b'])
    await expect(opening).rejects.toMatchObject({ code: 'ERR_INBOX_IO', message: expect.stringContaining('U+0000') })
  })

  it('says that it cannot know the standbys where its role may not see them', async () => {
    const waiting = await startServer({ fsync: 'off', synchronous_commit: 'local', synchronous_standby_names: 'other' })
    try {
      await waiting.run('CREATE ROLE ph LOGIN; GRANT CREATE ON DATABASE postgres TO ph')
      const url = waiting.url.replace('postgres@', 'ph@')
      const seen = async () => {
        const logger = keptLines()
        const settings = { ...settingsFor(waiting, 'posthorn'), connect: () => connect(url) }
        const { inbox } = await openWith(new PostgresInbox(settings), ['a'], undefined, logger)
        await inbox.close()
        return logger.lines[0]?.facts
      }
      expect(await seen()).toMatchObject({ standbys: null })
      await waiting.run('GRANT pg_read_all_stats TO ph')
      expect(await seen()).toMatchObject({ standbys: 0 })
    } finally {
      waiting.remove()
    }
  })

  it('reads bytes in whatever way the role has them written', async () => {
    await server.run("CREATE ROLE escaping SUPERUSER LOGIN; ALTER ROLE escaping SET bytea_output = 'escape'")
    const url = server.url.replace('postgres@', 'escaping@')
    const { inbox } = await openWith(
      new PostgresInbox({ ...settingsFor(server, newSchema()), connect: () => connect(url) }),
      ['a'],
    )
    const sha256 = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    for (let at = 0; at < 256; at += 32)
      await inbox.accept(newDelivery(`n${at}`, { sha256: sha256.slice(at, at + 32) }))
    const stored = await inbox.deliveries(everything)
    expect(Buffer.concat(stored.map((one) => one.sha256).reverse())).toEqual(Buffer.from(sha256))
    await inbox.close()
  })

  it('looks and commands beside running processes, with the role of control', async () => {
    const schema = newSchema()
    const one = await openWith(new PostgresInbox(settingsFor(server, schema)), ['a'])
    await one.inbox.accept(newDelivery('x'))
    const control = await openWith(new PostgresInbox(settingsFor(server, schema)), [], undefined, undefined, {
      role: 'control',
    })
    expect(await control.inbox.stats()).toMatchObject({ pending: 1 })
    expect(await control.inbox.pause('a', 'hand')).toBe(1)
    expect(await one.inbox.stats()).toMatchObject({ paused: [{ handler: 'a', by: 'hand' }] })
    await control.inbox.close()
    expect(await one.claim()).toHaveLength(1)
    await one.inbox.close()
  })
})
