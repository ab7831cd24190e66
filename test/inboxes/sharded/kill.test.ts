/** One of two databases is killed under load: its deliveries get 503 until it is back, and nobody else's. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { webhooks } from '../../../src/adapters/node.ts'
import { unauthenticated } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { sharded } from '../../../src/inboxes/sharded/index.ts'
import { homeOf } from '../../../src/inboxes/sharded/ring.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'

const placeOf = (batchId: string) => homeOf(`shop\0${batchId}`, ['takes', 'takes']).place

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let servers: readonly Server[] = []
  beforeAll(async () => {
    servers = await Promise.all([startServer({ fsync: 'off' }), startServer({ fsync: 'off' })])
  }, 120_000)
  afterAll(() => {
    for (const server of servers) server.remove()
  }, 60_000)

  it('refuses the deliveries of the one that is killed, goes on with the other, and loses none', {
    timeout: 120_000,
  }, async () => {
    const inboxes = servers.map(({ url }) => postgres({ connectionString: url, durability: 'relaxed' }))
    const sources = { shop: momentum({ auth: unauthenticated() }) }
    const receiver = createReceiver({ inbox: sharded({ inboxes }), sources, logger: false })
    const handled = new Map<string, number>()
    receiver.on(
      '*',
      ({ delivery }) => void handled.set(String(delivery.batchId), (handled.get(String(delivery.batchId)) ?? 0) + 1),
    )
    await receiver.start()
    const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop`
    const acknowledged = new Set<string>()
    const refused = new Set<string>()
    let isOver = false
    const post = async (batchId: string) => {
      const body = JSON.stringify([
        { msys: { message_event: { type: 'delivery', event_id: batchId, rcpt_to: 'a@b.example' } } },
      ])
      for (;;) {
        const headers = { 'content-type': 'application/json', 'x-messagesystems-batch-id': batchId }
        const { status } = await fetch(url, { method: 'POST', headers, body })
        if (status === 200) return void acknowledged.add(batchId)
        expect(status).toBe(503)
        refused.add(batchId)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    // Two senders for each shard: those of the one that is away wait for it.
    const sender = async (who: number) => {
      for (let n = 0; !isOver; n++) if (placeOf(`${who}-${n}`) === who % 2) await post(`${who}-${n}`)
    }
    const senders = [0, 1, 2, 3].map(sender)
    const count = (place: number) => [...acknowledged].filter((id) => placeOf(id) === place).length
    const countHandled = (place: number) => [...handled.keys()].filter((id) => placeOf(id) === place).length
    await expect.poll(() => Math.min(count(0), count(1)), { timeout: 30_000 }).toBeGreaterThan(20)
    servers[1]?.stop('immediate')
    await expect.poll(() => refused.size, { timeout: 30_000 }).toBeGreaterThan(0)
    const [stored, done] = [count(0), countHandled(0)]
    await expect.poll(() => count(0), { timeout: 30_000 }).toBeGreaterThan(stored + 50)
    await expect.poll(() => countHandled(0), { timeout: 30_000 }).toBeGreaterThan(done + 50)
    expect(await receiver.inbox.stats()).toMatchObject({ missingShards: [1] })
    expect((await receiver.health()).ready).toBe(true)
    expect([...refused].filter((id) => placeOf(id) === 0)).toEqual([])
    const before = count(1)
    servers[1]?.start()
    await expect.poll(() => count(1), { timeout: 60_000 }).toBeGreaterThan(before + 20)
    isOver = true
    await Promise.all(senders)
    await expect.poll(() => [...acknowledged].filter((id) => !handled.has(id)), { timeout: 60_000 }).toEqual([])
    await receiver.close()
    server.close()
    server.closeAllConnections()
  })
})
