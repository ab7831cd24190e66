/** A handler with `orderBy` in processes that are killed, stopped, and follow each other, with calls that fail and pauses. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { Child } from '../../support/child.ts'
import { OrderedLedger } from '../../support/ordered-ledger.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { toy } from '../../support/toy.ts'
import { newSchema } from './store.ts'

const script = join(import.meta.dirname, '../../support/postgres-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`
const ADDRESSES = 4

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  const children: Child[] = []
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)
  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill()
  })

  it('one event of a key at a time, in the order of the log, whoever has the handler', {
    timeout: 120_000,
  }, async () => {
    const schema = newSchema()
    const ledger = new OrderedLedger()
    const start = () => {
      const child = new Child(script, [server.url, schema, '2000', 'ordered'], { POSTHORN_LEDGER: ledger.path })
      children.push(child)
      return child
    }
    let current = start()
    await current.line('port')
    const operator = createReceiver({
      inbox: postgres({ connectionString: server.url, schema, durability: 'relaxed' }),
      ...{ sources: { news: toy() }, role: 'control', logger: false },
    })
    await operator.start()
    let isOver = false
    /** The next of an address is sent once the one before it has been answered with 200. */
    const sender = async (address: number) => {
      for (let n = 1; !isOver; n++) {
        // Some wait, not ever more.
        while (!isOver && done() < n * ADDRESSES - 40) await new Promise((resolve) => setTimeout(resolve, 10))
        const event = {
          event: 'open',
          time: 1_780_000_000 + n,
          MessageID: n * 10 + address,
          email: `jo${address}@shop.example`,
        }
        while (!(await post(event))) await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    const post = async (event: object): Promise<boolean> => {
      const child = current
      const port = child.lines.find((line) => 'port' in line)?.port
      if (port === undefined) return false
      const init = { method: 'POST', body: JSON.stringify([event]), headers: { authorization } }
      return fetch(`http://127.0.0.1:${port}/webhooks/news`, init).then(
        ({ ok }) => ok,
        () => false,
      )
    }
    const done = () => children.flatMap(({ lines }) => lines.filter((line) => 'done' in line)).length
    const senders = Array.from({ length: ADDRESSES }, (_, address) => sender(address))
    for (let round = 0; round < 3; round++) {
      const enough = done() + 40
      await expect.poll(done, { timeout: 60_000, interval: 5 }).toBeGreaterThan(enough)
      await operator.inbox.pause('work')
      if (round % 2 === 0) await current.kill()
      else await current.kill('SIGTERM')
      current = start()
      await current.line('port')
      await operator.inbox.resume('work')
    }
    isOver = true
    await Promise.all(senders)
    await expect.poll(async () => (await operator.inbox.stats()).pending, { timeout: 60_000 }).toBe(0)
    expect(await operator.inbox.stats()).toMatchObject({ deadLetters: 0, quarantined: 0 })
    await operator.close()
    expect(ledger.outOfOrder()).toEqual([])
  })

  describe('in two processes at once', () => {
    let schema: string
    let ledger: OrderedLedger
    beforeEach(() => {
      schema = newSchema()
      ledger = new OrderedLedger()
    })

    async function start(mode: 'none' | 'ordered' | 'stuck', leaseMs = 2_000): Promise<Child> {
      const child = new Child(script, [server.url, schema, String(leaseMs), mode], { POSTHORN_LEDGER: ledger.path })
      children.push(child)
      await child.line('port')
      return child
    }

    /** Events of the addresses in turn, each in a delivery of its own. */
    async function send(to: readonly Child[], from: number, count: number, addresses = [1, 2]): Promise<void> {
      for (let n = from; n < from + count; n++)
        for (const address of addresses) {
          const { port } = await (to[n % to.length] as Child).line('port')
          const event = {
            event: 'open',
            time: 1_780_000_000 + n,
            MessageID: n * 10 + address,
            email: `jo${address}@b.example`,
          }
          const init = { method: 'POST', body: JSON.stringify([event]), headers: { authorization } }
          expect((await fetch(`http://127.0.0.1:${port}/webhooks/news`, init)).status).toBe(200)
        }
    }

    const count = async (table: string) =>
      Number((await server.run(`SELECT count(*)::int AS n FROM "${schema}".${table}`))[0]?.n)
    const pending = async () => (await count('pass')) + (await count('work'))
    const owners = () => server.run(`SELECT p.pid FROM "${schema}".ordering o JOIN "${schema}".process p USING (owner)`)

    async function isDone(events: number): Promise<void> {
      await expect.poll(pending, { timeout: 60_000 }).toBe(0)
      expect(ledger.outOfOrder()).toEqual([])
      expect(ledger.ended.size).toBe(events)
      expect([await count('dead_letter'), await count('quarantine')]).toEqual([0, 0])
    }

    it('one that is killed in the middle of a call is followed by the other', { timeout: 120_000 }, async () => {
      const owner = await start('stuck')
      const other = await start('ordered')
      await send([owner, other], 1, 10)
      await owner.line('handled')
      await owner.kill()
      await send([other], 11, 5)
      await isDone(30)
      expect(await owners()).toEqual([{ pid: other.process.pid }])
    })

    it('one that is told to end hands over before its lease does', { timeout: 120_000 }, async () => {
      const owner = await start('stuck', 600_000)
      const other = await start('ordered', 600_000)
      await send([owner, other], 1, 10)
      await owner.line('handled')
      await owner.kill('SIGTERM')
      await send([other], 11, 5)
      await isDone(30)
    })

    it('three that are replaced one after the other under load refuse nobody and keep the order', {
      timeout: 180_000,
    }, async () => {
      const current = [
        await start('ordered', 600_000),
        await start('ordered', 600_000),
        await start('ordered', 600_000),
      ]
      const posting: Child[] = []
      let [isOver, sent] = [false, 0]
      /** The next of the address is sent once the one before it is stored. */
      const sender = async (address: number) => {
        for (let n = 1; !isOver; n++) {
          const child = current[(n + address) % current.length] as Child
          posting.push(child)
          await send([child], n, 1, [address])
          posting.splice(posting.indexOf(child), 1)
          sent += 1
        }
      }
      const senders = [sender(1), sender(2)]
      for (const [at, child] of [...current].entries()) {
        current[at] = await start('ordered', 600_000)
        // The load balancer sends it nothing from here on.
        await expect.poll(() => posting.includes(child)).toBe(false)
        expect((await child.kill('SIGTERM')).signal).toBeNull()
      }
      isOver = true
      await Promise.all(senders)
      await isDone(sent)
    })

    it('one that is stopped past its lease goes on as one that stands by: what it had under way is dropped', {
      timeout: 120_000,
    }, async () => {
      const owner = await start('stuck')
      const other = await start('ordered')
      await send([owner, other], 1, 10)
      await owner.line('handled')
      owner.process.kill('SIGSTOP')
      await expect.poll(owners, { timeout: 60_000 }).toEqual([{ pid: other.process.pid }])
      await expect.poll(() => ledger.ended.size, { timeout: 60_000 }).toBe(20)
      owner.process.kill('SIGCONT')
      const aborted = () => ledger.entries.filter(({ what }) => what === 'aborted').map(({ pid }) => pid)
      await expect.poll(aborted, { timeout: 60_000 }).toEqual([owner.process.pid])
      await expect.poll(() => count('process'), { timeout: 60_000 }).toBe(2)
      await send([owner, other], 11, 5)
      await isDone(30)
      expect(await owners()).toEqual([{ pid: other.process.pid }])
    })
  })
})
