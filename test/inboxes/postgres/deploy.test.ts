/** A rolling deploy: processes of this build and of the next one, which has another schema, beside each other under load. */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { copyWith, NEXT_RELEASE_POSTGRES } from '../../faults/harness/source-copy.ts'
import type { Child } from '../../support/child.ts'
import { OrderedLedger } from '../../support/ordered-ledger.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { type Mode, Processes, post } from './processes.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let next: string
  let processes: Processes

  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)
  beforeEach(() => {
    processes = new Processes(server)
    // A copy goes with its test.
    next = copyWith(NEXT_RELEASE_POSTGRES)
  })
  afterEach(() => processes.end())

  const of = (build: 'former' | 'renamed') => (build === 'former' ? { build } : { build, root: next })
  const start = (build: 'former' | 'renamed', mode: Mode = 'fail') => processes.join(mode, of(build))
  const said = (key: string, some?: readonly Child[]) => processes.said(key, some)
  const sql = (text: string) => processes.sql(text)
  const count = (table: string) => processes.count(table)

  it('refuses nobody, loses nothing, and leaves to each what it alone knows', { timeout: 120_000 }, async () => {
    const old = [await start('former'), await start('former')]
    const current = [...old]
    const underWay = new Set<Child>()
    const refused: number[] = []
    let [id, isOver] = [0, false]
    const sender = async () => {
      while (!isOver) {
        const own = ++id
        const child = current[own % current.length] as Child
        underWay.add(child)
        if (!(await post(child, [own]))) refused.push(own)
        underWay.delete(child)
      }
    }
    const sending = sender()
    const more = async (some: number) => {
      const enough = said('done').length + some
      await expect.poll(() => said('done').length, { timeout: 30_000 }).toBeGreaterThan(enough)
    }
    await more(20)
    for (const [at, child] of old.entries()) {
      const replacing = await start('renamed')
      current.push(replacing)
      await more(20)
      // Of a source that the old ones do not know.
      expect(await post(replacing, [1_000_000 + at], { source: 'outlet' })).toBe(true)
      current.splice(current.indexOf(child), 1)
      await expect.poll(() => underWay.has(child)).toBe(false)
      expect((await child.kill('SIGTERM')).signal).toBeNull()
    }
    await more(20)
    isOver = true
    await sending
    await expect.poll(() => processes.pending(), { timeout: 30_000 }).toBe(0)
    expect(refused).toEqual([])
    const done = new Set(said('done'))
    const sent = [...Array.from({ length: id }, (_, n) => n + 1), 1_000_000, 1_000_001]
    expect(sent.filter((one) => !done.has(String(one)))).toEqual([])
    expect(await count('quarantine')).toBe(0)
    expect(await count('dead_letter')).toBe(0)
    expect(said('done', old).filter((one) => Number(one) >= 1_000_000)).toEqual([])
    expect(new Set(said('audited')).has('1000001')).toBe(true)
    expect(await sql('SELECT DISTINCT handler FROM @work')).toEqual([])
    expect(await sql("SELECT name FROM @handler WHERE name IN ('work', 'worker') ORDER BY name")).toEqual([
      { name: 'worker' },
    ])
  })

  it('a handler with an order that is renamed keeps it, whoever receives', { timeout: 180_000 }, async () => {
    const ledger = new OrderedLedger()
    const join = (build: 'former' | 'renamed') => processes.join('ordered', { ...of(build), ledger: ledger.path })
    const old = [await join('former'), await join('former')]
    const current = [...old]
    let isOver = false
    const sent = [0, 0, 0]
    const sender = async (address: number) => {
      for (let n = 1; !isOver; n++) {
        const email = `jo${address}@shop.example`
        while (!(await post(current[n % current.length] as Child, [n * 10 + address], { email })));
        sent[address] = n
      }
    }
    const senders = sent.map((_, address) => sender(address))
    const more = async () => {
      const enough = Math.min(...sent) + 5
      await expect.poll(() => Math.min(...sent), { timeout: 60_000 }).toBeGreaterThan(enough)
    }
    await more()
    for (const child of old) {
      current.push(await join('renamed'))
      await more()
      current.splice(current.indexOf(child), 1)
      await child.kill('SIGTERM')
      await more()
    }
    isOver = true
    await Promise.all(senders)
    await expect.poll(() => processes.pending(), { timeout: 60_000 }).toBe(0)
    expect(ledger.outOfOrder()).toEqual([])
    const all = sent.flatMap((last, address) => Array.from({ length: last }, (_, n) => (n + 1) * 10 + address))
    expect(all.filter((id) => !ledger.ended.has(id))).toEqual([])
  })

  it('the step to the next schema holds nobody up while somebody reads the table it changes', {
    timeout: 90_000,
  }, async () => {
    const old = await start('former', 'handle')
    const backup = new pg.Client({ connectionString: server.url })
    await backup.connect()
    try {
      await backup.query(`BEGIN; SELECT count(*) FROM "${processes.schema}".settled`)
      const child = processes.start('handle', of('renamed'))
      const blocked = async () =>
        (
          await server.run(
            `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '${processes.schema}.settled'::regclass`,
          )
        ).length
      await expect.poll(blocked, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0)
      for (let id = 1; id <= 5; id++) expect(await post(old, [id])).toBe(true)
      await expect.poll(() => count('settled'), { timeout: 15_000 }).toBe(5)
      expect(child.lines).toEqual([])
      await backup.query('COMMIT')
      await child.line('port')
    } finally {
      await backup.end()
    }
    expect(await sql('SELECT DISTINCT of_next_release AS x FROM @settled')).toEqual([{ x: 7 }])
  })
})
