/** Alerts of several processes over PostgreSQL: about 8 s. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { alerts, type Finding } from '../../src/alerts/index.ts'
import { findingsOf } from '../../src/dashboard/views/load/findings.ts'
import { postgres } from '../../src/inboxes/postgres/index.ts'
import { createReceiver, PermanentError } from '../../src/index.ts'
import { programsOf, type Server, startServer } from '../support/postgres.ts'
import { toy } from '../support/toy.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  const open: { close(options?: object): Promise<unknown> }[] = []
  beforeAll(async () => {
    server = await startServer()
  }, 60_000)
  afterEach(async () => {
    for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
  })
  afterAll(() => server.remove(), 60_000)

  const told: [who: string, finding: Finding][] = []

  async function replica(who: string) {
    const inbox = postgres({ connectionString: server.url })
    const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
    open.push(receiver)
    receiver.on('toy.pong', { name: 'dies', retry: { attempts: 1 } }, () => {
      throw new PermanentError('no')
    })
    const watch = alerts(receiver, { every: '1h', notify: (finding) => void told.push([who, finding]) })
    await receiver.start()
    return { receiver, watch }
  }

  it('one tells what any has counted, and a deploy tells nothing again', async () => {
    const replicas = [await replica('a'), await replica('b'), await replica('c')]
    await replicas[0]?.receiver.inject('shop', [{ type: 'pong' }])
    const stats = () => replicas[0]?.receiver.inbox.stats()
    await expect.poll(async () => (await stats())?.deadLetters, { timeout: 20_000 }).toBe(1)
    for (let round = 0; round < 3; round++) await Promise.all(replicas.map(({ watch }) => watch.check()))
    expect(told.map(([, { id, state }]) => [id, state])).toEqual([['dead_letters', 'begun']])
    // So does the page of each: by what the alerts have stored, and since they told it.
    for (const { receiver } of replicas) {
      const [found, ...others] = await findingsOf({ receiver, now: new Date() } as never)
      expect([found?.id, found?.since, others]).toEqual(['dead_letters', told[0]?.[1].since.toISOString(), []])
    }
    for (const { receiver } of replicas) await receiver.close()
    const next = await replica('d')
    await next.watch.check()
    expect(told).toHaveLength(1)
  })
})
