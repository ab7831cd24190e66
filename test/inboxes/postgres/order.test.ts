/** What lets a key of a handler with `orderBy` go on over PostgreSQL, where rows of it are removed without a settlement. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { receiverIn } from '../../support/receivers.ts'
import { newSchema, settingsFor } from './store.ts'

const HOUR = 3_600_000

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let schema: string
  let clock: FakeClock
  let seen: number[]
  let open: ReturnType<typeof receiverIn>[]

  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  beforeEach(() => {
    schema = newSchema()
    clock = new FakeClock()
    seen = []
    open = []
  })
  afterEach(async () => {
    for (const receiver of open) await receiver.close({ timeoutMs: 0 })
  })

  function newReceiver(options: object = {}) {
    // What it does again and again goes by the clock of the test.
    const settings = settingsFor(server, schema, { leaseMs: 600_000, after: (ms, run) => clock.after(ms, run) })
    const receiver = receiverIn(clock, { inbox: { kind: 'postgres', [port]: new PostgresInbox(settings) }, ...options })
    open.push(receiver)
    return receiver
  }

  /** One whose first event fails, for an hour, with others of its key parked behind it in other deliveries. */
  async function withParked() {
    const receiver = newReceiver()
    const orderBy = (event: AnyEvent) => (event.payload as { key?: string }).key ?? null
    const retry = { minMs: HOUR, maxMs: HOUR }
    receiver.on('toy.ping', { name: 'a', orderBy, retry }, ({ payload }) => {
      const { n } = payload as { n: number }
      if (n === 0) throw new Error('not now')
      seen.push(n)
    })
    await receiver.start()
    await receiver.inject('shop', '[{"type":"ping","n":0,"key":"k","to":"gone@b.example"}]')
    await receiver.inject('shop', '[{"type":"ping","n":1,"key":"k"},{"type":"ping","n":2,"key":"k"}]')
    await receiver.inject('shop', '[{"type":"ping","n":3,"key":"k"}]')
    const parked = () => server.run(`SELECT 1 FROM "${schema}".work WHERE state = 1`)
    await expect.poll(parked, { timeout: 20_000 }).toHaveLength(2)
    await receiver.whenIdle()
    expect(seen).toEqual([])
    return receiver
  }

  /** Looks of the inbox come by the clock, and the database has its time in between. */
  const soon = (ms = 1_000) =>
    expect.poll(
      async () => {
        await clock.advance(ms)
        return seen
      },
      { timeout: 20_000 },
    )

  it('an erase by another process wakes what was parked behind it', async () => {
    await withParked()
    const control = newReceiver({ role: 'control' })
    await control.start()
    const ended: unknown[] = []
    void control.inbox.erase({ email: 'gone@b.example' }).then((report) => ended.push(report))
    await soon(100).toEqual([1, 2, 3])
    // It rests by the clock between the portions of its purge.
    const rested = () => clock.advance(100).then(() => ended)
    await expect.poll(rested, { timeout: 20_000 }).toMatchObject([{ queued: 1 }])
    await expect.poll(() => server.run(`SELECT 1 FROM "${schema}".freed`), { timeout: 20_000 }).toEqual([])
  })

  it('one that turns out to be damaged ends with all its work, and wakes what was parked behind it', async () => {
    const receiver = await withParked()
    await server.run(`UPDATE "${schema}".body SET body = '\\x00' WHERE seq = 1`)
    await clock.advance(HOUR)
    await soon().toEqual([1, 2, 3])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 1 })
  })
})
