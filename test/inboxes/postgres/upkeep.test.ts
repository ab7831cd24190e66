/** What is let go of, taken out and written anew, beside all that comes and is worked on, and while the server crashes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { failure, firstPass, newDelivery, openWith, retried, row, START } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

const MARK = 'erase-me-'
const retention = { bodiesMs: 60_000, keysMs: 60_000, deadLettersMs: 1e9, quarantineMs: 1e9, maxBytes: null }

const isIo = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ERR_INBOX_IO'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  /** How many statements let go of the bodies of so many deliveries that are done. */
  async function statementsFor(count: number): Promise<number> {
    let statements = 0
    const counted = async () => {
      const connections = await connect(server.url)
      const known = new WeakSet<object>()
      return {
        ...connections,
        async connect() {
          const client = await connections.connect()
          if (known.has(client)) return client
          known.add(client)
          const query = client.query.bind(client)
          return Object.assign(client, {
            query: (...args: Parameters<typeof query>) => {
              statements += 1
              return query(...args)
            },
          })
        },
      }
    }
    const port = new PostgresInbox({ ...settingsFor(server, newSchema(), { leaseMs: 600_000 }), connect: counted })
    const { inbox, claim, clock } = await openWith(port, ['a'], undefined, undefined, {
      retention: { ...retention, keysMs: 1e9 },
    })
    for (let n = 0; n < count; n++) await inbox.accept(newDelivery(`n${n}`, { receivedAt: clock.now() }))
    for (const { delivery } of await claim()) await inbox.settle(firstPass(delivery.seq))
    clock.advance(60_001)
    const before = statements
    expect(await inbox.prune()).toMatchObject({ bodies: count, deliveries: 0 })
    const taken = statements - before
    await inbox.close()
    return taken
  }

  it('as many statements let go of many bodies as of few', { timeout: 60_000 }, async () => {
    expect(await statementsFor(40)).toBe(await statementsFor(4))
  })

  /** Where the server is away it is asked again. */
  async function again<T>(run: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await run()
      } catch (error) {
        if (!isIo(error)) throw error
        await sleep(20)
      }
  }

  it('no work is let go of, and nothing that was taken out is left in any file', { timeout: 240_000 }, async () => {
    const schema = newSchema()
    const open = () =>
      openWith(new PostgresInbox(settingsFor(server, schema, { leaseMs: 600_000 })), ['a'], undefined, undefined, {
        retention,
      })
    const [one, two] = [await open(), await open()]
    const random = seededRandom(23)
    const [accepted, ended, toErase] = [new Set<number>(), new Set<number>(), new Set<number>()]
    let isOver = false
    const untilOver = async (run: () => Promise<unknown>) => {
      while (!isOver) await again(run)
    }

    let n = 0
    const send = async () => {
      const text = ++n % 4 === 0 ? `${MARK}${n}` : `n${n}`
      const body = Buffer.from(JSON.stringify([{ name: text }]))
      const changes = { body, receivedAt: one.clock.now() }
      const { seq } = await again(() => one.inbox.accept(newDelivery(`n${n}`, changes)))
      accepted.add(seq)
      if (n % 4 === 0) toErase.add(seq)
      one.clock.advance(1_000)
      two.clock.advance(1_000)
    }
    const letter = (text: string) => ({
      ...{ handler: 'a', index: 0, attempts: 2, errors: [failure(text)], at: START, size: 2, run: null },
      element: Buffer.from(JSON.stringify(text)),
    })
    const workOn = async ({ inbox, claim }: typeof one) => {
      for (const claimed of await claim({ maxDeliveries: 5 })) {
        const { seq, body } = claimed.delivery
        const text = Buffer.from(body).toString()
        const kind = random()
        if (claimed.rows === null) {
          const quarantined = kind > 0.9 ? [{ index: 0, reason: text, path: null, at: START }] : []
          const rows = kind < 0.4 ? [row('a', START, { errors: [failure(text)] })] : []
          await again(() => inbox.settle(firstPass(seq, { rows, quarantined })))
          if (rows.length === 0) ended.add(seq)
        } else {
          await again(() => inbox.settle(retried(claimed, kind < 0.3 ? { dead: [letter(text)] } : {})))
          ended.add(seq)
        }
      }
      await sleep(1)
    }
    const eraseSome = async () => {
      const some = [...toErase].slice(0, 10)
      const { busy } = await one.inbox.erase(some.map((seq) => ({ seq, indices: null })))
      for (const seq of some) {
        if (busy.includes(seq)) continue
        toErase.delete(seq)
        ended.add(seq)
      }
      await sleep(5)
    }
    const purge = async ({ inbox }: typeof one) => {
      for (let at = await inbox.purge(); at !== null && !isOver; ) at = await inbox.purge(at)
    }

    const running = [
      untilOver(send),
      untilOver(() => workOn(one)),
      untilOver(() => workOn(two)),
      untilOver(eraseSome),
      untilOver(() => two.inbox.prune()),
      untilOver(() => purge(two)),
    ]
    for (let crash = 0; crash < 2; crash++) {
      const enough = accepted.size + 60
      await expect.poll(() => accepted.size, { timeout: 60_000 }).toBeGreaterThan(enough)
      server.stop('immediate')
      server.start()
    }
    isOver = true
    await Promise.all(running)
    while ((await again(() => two.inbox.stats())).pending > 0) await again(() => workOn(two))
    while (toErase.size > 0) await again(eraseSome)
    isOver = false
    await again(() => purge(two))

    expect([...accepted].filter((seq) => !ended.has(seq))).toEqual([])
    const damaged = [...one.logger.lines, ...two.logger.lines].filter(({ level }) => level === 'error')
    expect(damaged).toEqual([])
    await server.run('CHECKPOINT')
    const files = await server.run(`
      SELECT c.relname AS name FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
      WHERE c.relfilenode <> 0 AND (s.nspname = '${schema}' OR c.oid IN (
        SELECT t.reltoastrelid FROM pg_class t JOIN pg_namespace u ON u.oid = t.relnamespace WHERE u.nspname = '${schema}'))
        AND position('${MARK}'::bytea IN pg_read_binary_file(pg_relation_filepath(c.oid))) > 0`)
    expect(files).toEqual([])
    for (const { inbox } of [one, two]) await inbox.close()
  })
})
