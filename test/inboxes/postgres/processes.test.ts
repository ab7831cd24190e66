/** Real processes at one database: killed, stopped, and replaced while deliveries come in. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import { Child } from '../../support/child.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { newSchema } from './store.ts'

const script = join(import.meta.dirname, '../../support/postgres-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`
const LEASE_MS = 1_500

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let schema: string
  let children: Child[]

  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)
  beforeEach(() => {
    schema = newSchema()
    children = []
  })
  afterEach(async () => {
    for (const child of children) await child.kill()
  })

  function start(mode: 'none' | 'handle' | 'slow' | 'hang' | 'spin', leaseMs = LEASE_MS): Child {
    const child = new Child(script, [server.url, schema, String(leaseMs), mode])
    children.push(child)
    return child
  }

  /** Whether it was acknowledged. */
  async function post(child: Child, ...ids: readonly number[]): Promise<boolean> {
    const { port } = await child.line('port')
    const events = ids.map((id) => ({ event: 'open', time: 1_780_000_000, MessageID: id, email: 'jo@shop.example' }))
    const sent = fetch(`http://127.0.0.1:${port}/webhooks/news`, {
      method: 'POST',
      body: JSON.stringify(events),
      headers: { authorization },
    })
    return sent.then(
      (response) => response.ok,
      () => false,
    )
  }

  const said = (key: 'handled' | 'done') =>
    children.flatMap(({ lines }) => lines.flatMap((line) => (key in line ? [String(line[key])] : [])))
  const count = async (table: string) =>
    Number((await server.run(`SELECT count(*)::int AS n FROM "${schema}".${table}`))[0]!.n)
  const pending = async () => (await count('pass')) + (await count('work'))

  it('what a process had when it was killed another handles', { timeout: 60_000 }, async () => {
    const [receiving, hanging] = [start('none'), start('hang')]
    await hanging.line('port')
    expect(await post(receiving, 1)).toBe(true)
    await hanging.line('handled')
    await hanging.kill()
    const next = start('handle')
    expect(await next.line('done')).toMatchObject({ done: '1' })
    await expect.poll(pending, { timeout: 20_000 }).toBe(0)
  })

  it('SIGTERM hands over at once', { timeout: 60_000 }, async () => {
    const [receiving, hanging] = [start('none', 60_000), start('hang', 60_000)]
    await hanging.line('port')
    await post(receiving, 1)
    await hanging.line('handled')
    const next = start('handle', 60_000)
    await next.line('port')
    await hanging.kill('SIGTERM')
    expect(await next.line('done')).toMatchObject({ done: '1' })
  })

  it('kills at any moment lose nothing that was acknowledged', { timeout: 180_000 }, async () => {
    const random = seededRandom(31)
    const three = [start('slow'), start('slow'), start('slow')]
    await Promise.all(three.map((child) => child.line('port')))
    const acknowledged = new Set<string>()
    let [id, isOver] = [0, false]
    const sender = async () => {
      while (!isOver) {
        const own = ++id
        if (await post(three[own % 3]!, own, own + 1_000_000)) acknowledged.add(String(own))
        else await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    const senders = Array.from({ length: 4 }, sender)
    for (let kill = 0; kill < 8; kill++) {
      const before = acknowledged.size
      const some = 5 + Math.floor(random() * 40)
      await expect.poll(() => acknowledged.size, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before + some)
      const at = Math.floor(random() * 3)
      await three[at]!.kill()
      three[at] = start('slow')
      await three[at]!.line('port')
    }
    isOver = true
    await Promise.all(senders)
    await expect.poll(pending, { timeout: 90_000 }).toBe(0)
    const done = new Set(said('done'))
    const lost = [...acknowledged].filter((one) => !done.has(one) || !done.has(String(Number(one) + 1_000_000)))
    expect(lost).toEqual([])
    expect(await count('quarantine')).toBe(0)
    expect(await count('settled')).toBe(await count('delivery'))
  })

  it('one that was stopped past its lease stores nothing of what others have done since', {
    timeout: 90_000,
  }, async () => {
    const [receiving, stopped] = [start('none'), start('hang')]
    await stopped.line('port')
    await post(receiving, 1)
    await stopped.line('handled')
    stopped.process.kill('SIGSTOP')
    const next = start('handle')
    expect(await next.line('done')).toMatchObject({ done: '1' })
    await expect.poll(pending, { timeout: 20_000 }).toBe(0)
    stopped.process.kill('SIGCONT')
    // It goes on as another process, and works.
    await expect.poll(() => count('process'), { timeout: 20_000 }).toBe(3)
    await post(receiving, 2)
    await expect.poll(() => said('handled').includes('2'), { timeout: 20_000 }).toBe(true)
    expect(await count('settled')).toBeLessThanOrEqual(2)
  })

  it('a handler that holds up the event loop for longer than the lease keeps its claim', {
    timeout: 90_000,
  }, async () => {
    const [spinning, other] = [start('spin'), start('none')]
    await spinning.line('port')
    await post(other, 1)
    await spinning.line('handled')
    const watching = start('handle')
    await watching.line('port')
    await spinning.line('done')
    await expect.poll(pending, { timeout: 20_000 }).toBe(0)
    expect(said('handled')).toEqual(['1'])
  })

  it('processes that come and go refuse nobody', { timeout: 120_000 }, async () => {
    const old = [start('handle'), start('handle')]
    await Promise.all(old.map((child) => child.line('port')))
    const current = [...old]
    const refused: number[] = []
    const underWay = new Set<Child>()
    let [id, isOver] = [0, false]
    const sender = async () => {
      while (!isOver) {
        const own = ++id
        const child = current[own % current.length]!
        underWay.add(child)
        if (!(await post(child, own))) refused.push(own)
        underWay.delete(child)
      }
    }
    const senders = [sender()]
    for (const [at, child] of old.entries()) {
      const next = start('handle')
      await next.line('port')
      current[at] = next
      // The load balancer sends it nothing from here on.
      await expect.poll(() => underWay.has(child)).toBe(false)
      expect((await child.kill('SIGTERM')).signal).toBeNull()
    }
    isOver = true
    await Promise.all(senders)
    expect(refused).toEqual([])
    await expect.poll(pending, { timeout: 20_000 }).toBe(0)
    expect(new Set(said('done')).size).toBe(id)
  })
})
