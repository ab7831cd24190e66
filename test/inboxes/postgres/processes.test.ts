/** Real processes at one database: killed, stopped, and replaced while deliveries come in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Child } from '../../support/child.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { type Mode, Processes, post } from './processes.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let processes: Processes

  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)
  beforeEach(() => {
    processes = new Processes(server)
  })
  afterEach(() => processes.end())

  const start = (mode: Mode, leaseMs?: number) => processes.start(mode, leaseMs === undefined ? {} : { leaseMs })
  const said = (key: 'handled' | 'done') => processes.said(key)
  const count = (table: string) => processes.count(table)
  const pending = () => processes.pending()

  it('what a process had when it was killed another handles', { timeout: 60_000 }, async () => {
    const [receiving, hanging] = [start('none'), start('hang')]
    await hanging.line('port')
    expect(await post(receiving, [1])).toBe(true)
    await hanging.line('handled')
    await hanging.kill()
    const next = start('handle')
    expect(await next.line('done')).toMatchObject({ done: '1' })
    await expect.poll(pending, { timeout: 20_000 }).toBe(0)
  })

  it('SIGTERM hands over at once', { timeout: 60_000 }, async () => {
    const [receiving, hanging] = [start('none', 60_000), start('hang', 60_000)]
    await hanging.line('port')
    await post(receiving, [1])
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
        if (await post(three[own % 3]!, [own, own + 1_000_000])) acknowledged.add(String(own))
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
    await post(receiving, [1])
    await stopped.line('handled')
    stopped.process.kill('SIGSTOP')
    const next = start('handle')
    expect(await next.line('done')).toMatchObject({ done: '1' })
    await expect.poll(pending, { timeout: 20_000 }).toBe(0)
    stopped.process.kill('SIGCONT')
    // It goes on as another process, and works.
    await expect.poll(() => count('process'), { timeout: 20_000 }).toBe(3)
    await post(receiving, [2])
    await expect.poll(() => said('handled').includes('2'), { timeout: 20_000 }).toBe(true)
    expect(await count('settled')).toBeLessThanOrEqual(2)
  })

  it('a handler that holds up the event loop for longer than the lease keeps its claim', {
    timeout: 90_000,
  }, async () => {
    const [spinning, other] = [start('spin'), start('none')]
    await spinning.line('port')
    await post(other, [1])
    await spinning.line('handled')
    const watching = start('handle')
    await watching.line('port')
    await spinning.line('done')
    await expect.poll(pending, { timeout: 20_000 }).toBe(0)
    expect(said('handled')).toEqual(['1'])
  })

  it('a handler that holds up the event loop for longer than it may loses its claim: another stores what comes of it', {
    timeout: 90_000,
  }, async () => {
    const end = join(mkdtempSync('/tmp/posthorn-spin-'), 'end')
    const env = { POSTHORN_SPIN_END: end, POSTHORN_STALL_MS: '1000' }
    const [spinning, other] = [processes.start('spin', { env }), start('none')]
    await spinning.line('port')
    await post(other, [1])
    await spinning.line('handled')
    const next = start('handle')
    expect(await next.line('done')).toMatchObject({ done: '1' })
    const storedBy = () => processes.sql('SELECT p.pid FROM @settled s JOIN @process p USING (owner)')
    await expect.poll(storedBy, { timeout: 20_000 }).toEqual([{ pid: next.process.pid }])
    writeFileSync(end, '')
    await spinning.line('done')
    await expect.poll(() => count('process'), { timeout: 20_000 }).toBe(3)
    expect(await storedBy()).toEqual([{ pid: next.process.pid }])
    expect(await pending()).toBe(0)
    rmSync(dirname(end), { recursive: true })
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
        if (!(await post(child, [own]))) refused.push(own)
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
