/** A file copied into a database: all that it has, and nothing else. */
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { PermanentError } from '../../../src/errors.ts'
import { copyTo, dropAt, migrateAt } from '../../../src/inboxes/postgres/copy/index.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { openForCopy } from '../../../src/inboxes/sqlite/copy/source.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import { objectsOf, seeded, typed } from '../../cli/inbox-file.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { toy } from '../../support/toy.ts'
import { newSchema } from './store.ts'

interface World {
  isDown: boolean
  readonly handled: string[]
}

const WINDOW_MS = 86_400_000

/** Handlers of every kind; while the world is down the events of some of them fail. */
function receiverOn(inbox: Inbox, world: World, retention = {}) {
  const receiver = createReceiver({
    ...{ inbox, logger: false, retention },
    sources: { shop: toy(), once: toy({ dedupeWindowMs: WINDOW_MS }) },
  })
  const note = (handler: string, id: string) => void world.handled.push(`${handler} ${id}`)
  receiver.on('toy.pong', { name: 'dies' }, ({ id }) => {
    if (world.isDown) throw new PermanentError('no')
    note('dies', id)
  })
  receiver.on('toy.ping', { name: 'waits', retry: { minMs: 3_600_000, maxMs: 3_600_000 } }, ({ id }) => {
    if (world.isDown) throw new Error(`not yet \0 \ud800`)
    note('waits', id)
  })
  receiver.on('toy.ping', { name: 'ordered', orderBy: ({ email }) => email, retry: { minMs: 3_600_000 } }, ({ id }) => {
    if (world.isDown) throw new Error('not yet')
    note('ordered', id)
  })
  return receiver
}

const ping = (to: string, more: object = {}) => ({ type: 'ping', to, ...more })
/** A difference in a long text is looked for a long time. */
function short(this: Readonly<Record<string, unknown>>, key: string, value: unknown) {
  // A Buffer has become something else by now.
  const raw = this[key]
  return raw instanceof Uint8Array || (typeof raw === 'string' && raw.length > 100) ? hash('sha256', raw) : value
}
const padding = 'x'.repeat(300_000)

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let folder: string
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
    folder = mkdtempSync(join(tmpdir(), 'posthorn-copy-'))
  }, 60_000)
  afterAll(() => {
    server.remove()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const at = (schema: string) => ({ url: server.url, schema })
  const database = (schema: string) => postgres({ connectionString: server.url, schema, durability: 'relaxed' })

  /** Finished, forgotten, altered, repeated, dead, in quarantine, waiting, parked, under way: closed in order. */
  async function filled(path: string): Promise<void> {
    const world: World = { isDown: false, handled: [] }
    const first = receiverOn(sqlite({ path }), world, { bodies: '1s' })
    await first.start()
    await first.inject('shop', [{ type: 'pong', to: 'gone@shop.example' }])
    await first.whenIdle()
    await expect.poll(async () => (await first.inbox.prune()).bodies, { timeout: 5_000 }).toBe(1)
    await first.close()
    world.isDown = true
    const second = receiverOn(sqlite({ path }), world)
    await second.start()
    await second.inject('shop', [{ type: 'pong', to: 'al@shop.example' }, { bad: 1 }, { type: 'what' }])
    await second.inject('shop', [{ type: 'pong', to: 'al@shop.example' }, { bad: 1 }, { type: 'what' }])
    await second.inject('shop', 'no JSON')
    await second.inject('once', [ping('jo@shop.example', { id: 'e1' }), ping('jo@shop.example', { id: 'e2' })])
    await second.inject('once', [ping('jo@shop.example', { id: 'e2' }), ping('jo@shop.example', { id: 'e3' })])
    await second.inject('shop', [ping('ann@shop.example', { padding }), ping('erased@shop.example')])
    await second.whenIdle()
    await second.inbox.erase({ email: 'erased@shop.example' })
    await second.inbox.pause('dies')
    await second.inject('shop', [{ type: 'pong', to: 'late@shop.example' }])
    await second.close()
    const third = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, role: 'receive', logger: false })
    await third.start()
    await third.inject('shop', [{ type: 'pong', to: 'never-claimed@shop.example' }])
    await third.close()
  }

  /** All that is told of an inbox. */
  async function toldBy(inbox: Inbox): Promise<unknown> {
    const control = createReceiver({ inbox, sources: { shop: toy(), once: toy() }, role: 'control', logger: false })
    const all = async <T>(rows: AsyncIterable<T>) => {
      const found: T[] = []
      for await (const row of rows) found.push(row)
      return found
    }
    await control.start()
    try {
      const { deadLetters, quarantine, deliveries, events, stats } = control.inbox
      const told = {
        stats: await stats(),
        deliveries: await all(deliveries({})),
        letters: await all(deadLetters({})),
        quarantine: await all(quarantine({})),
        events: await all(events({ since: new Date(0) })),
        handlers: await inbox[port].records.handlers(),
      }
      const { records } = inbox[port]
      const bodies = await Promise.all(told.deliveries.map(async ({ id }) => (await records.delivery(id)) ?? null))
      const history = await records.history({ after: 0, to: null, limit: 1_000 } as never)
      return JSON.parse(JSON.stringify({ ...told, bodies, history }, short))
    } finally {
      await control.close()
    }
  }

  it('all that a file has is told of the database, and worked off there, once and in order', {
    timeout: 60_000,
  }, async () => {
    const [path, schema] = [join(folder, 'all.db'), newSchema()]
    await filled(path)
    const before = await toldBy(sqlite({ path }))
    const source = openForCopy(path)
    const copied = await copyTo(at(schema), source, () => {})
    source.close()
    expect(copied).toMatchObject({ delivery: 8, pass: 1, dead_letter: 1, quarantine: 2, event_key: 3, altered: 2 })
    expect(await toldBy(database(schema))).toEqual(before)

    const world: World = { isDown: false, handled: [] }
    const receiver = receiverOn(database(schema), world)
    await receiver.start()
    await receiver.inbox.resume('dies')
    await receiver.inbox.retry({ all: true })
    await server.run(`UPDATE "${schema}".work SET due_at = 0`)
    expect((await receiver.inject('shop', [{ type: 'pong', to: 'gone@shop.example' }])).status).toBe('duplicate')
    await receiver.inject('once', [ping('jo@shop.example', { id: 'e3' })])
    await expect.poll(async () => (await receiver.inbox.stats()).pending, { timeout: 20_000 }).toBe(0)
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 0, quarantined: 2 })
    await receiver.close()
    expect(new Set(world.handled).size).toBe(world.handled.length)
    const of = (handler: string) => world.handled.filter((one) => one.startsWith(handler)).length
    expect([of('dies'), of('waits'), of('ordered')]).toEqual([3, 4, 4])
  })

  it('a file that was killed is copied with what was under way, which is handled with care', async () => {
    const [path, schema] = [join(folder, 'killed.db'), newSchema()]
    const begun = Promise.withResolvers<void>()
    const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
    receiver.on('*', { name: 'a' }, () => {
      begun.resolve()
      return new Promise(() => {})
    })
    await receiver.start()
    await receiver.inject('shop', [ping('jo@shop.example')])
    await begun.promise
    expect(() => openForCopy(path)).toThrow(expect.objectContaining({ code: 'ERR_INBOX_OWNED' }))
    // As a kill leaves them.
    const killed = join(folder, 'killed-copy.db')
    await receiver.inbox.backup(killed)
    await receiver.close({ timeoutMs: 0 })
    const source = openForCopy(killed)
    await copyTo(at(schema), source, () => {})
    source.close()
    expect(await server.run(`SELECT seq::int, careful FROM "${schema}".pass`)).toEqual([{ seq: 1, careful: true }])
  })

  it('what is stored somewhere already is left alone, as is a schema that changes what arrives', async () => {
    const [path, schema] = [join(folder, 'twice.db'), newSchema()]
    await filled(path)
    await migrateAt(at(schema))
    await server.run(`CREATE FUNCTION "${schema}".other() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN new.attempts := new.attempts + 1; RETURN new; END $$;
      CREATE TRIGGER other BEFORE INSERT ON "${schema}".work FOR EACH ROW EXECUTE FUNCTION "${schema}".other()`)
    const copy = async () => {
      const source = openForCopy(path)
      try {
        await copyTo(at(schema), source, () => {})
      } finally {
        source.close()
      }
    }
    await expect(copy()).rejects.toMatchObject({ code: 'ERR_INBOX_CORRUPT' })
    expect(await server.run(`SELECT seq FROM "${schema}".delivery`)).toEqual([])
    await dropAt(at(schema))
    await copy()
    await expect(copy()).rejects.toMatchObject({ code: 'ERR_INBOX_OWNED' })
  })

  it('the command line copies, and looks and acts in the database as in the file', { timeout: 60_000 }, async () => {
    const schema = newSchema()
    const { path } = await seeded()
    const there = ['--postgres', server.url, '--schema', schema]
    const stats = async (...args: string[]) => objectsOf((await typed(['inbox', 'stats', '--json', ...args])).out)
    const missing = await typed(['inbox', 'stats', ...there])
    expect([missing.code, missing.err]).toEqual([3, expect.stringContaining('posthorn inbox migrate')])
    expect(await typed(['inbox', 'copy', '--inbox', path, ...there])).toMatchObject({ code: 0, err: '' })
    expect(await typed(['inbox', 'copy', '--inbox', path, ...there])).toMatchObject({ code: 3 })
    expect(await stats(...there)).toEqual(await stats('--inbox', path))
    const list = async (...args: string[]) => (await typed(['inbox', 'dead', '--utc', ...args])).out
    expect(await list(...there)).toBe(await list('--inbox', path))
    expect(await typed(['inbox', 'drop', '--all', '--yes', ...there])).toMatchObject({ code: 0 })
    expect(await stats(...there)).toMatchObject([{ deadLetters: 0, cancelled: 3 }])
    expect(await typed(['inbox', 'stats', '--inbox', path, ...there])).toMatchObject({ code: 2 })
    expect(await typed(['inbox', 'migrate', ...there])).toMatchObject({ code: 0 })
  })
})
