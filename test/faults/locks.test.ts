/** Others on the same file: somebody who writes, somebody who reads for long, and a second receiver. */
import { existsSync, statSync, unlinkSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, vi } from 'vitest'
import { noise, small } from './harness/bodies.ts'
import { later } from './harness/cleanup.ts'
import { endsWell } from './harness/endings.ts'
import { seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

/** Another connection to the file; ours is in another process. */
function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 })
  later(() => {
    if (db.isOpen) db.close()
  })
  return db
}

describe('another process', () => {
  it('that keeps the write lock is answered with 503, and 200 follows when it lets go', async () => {
    const site = new Site()
    const running = await site.start(soon)
    await running.sender.deliver(site.ledger.add([{}]))
    const other = connect(site.path)
    other.exec('BEGIN IMMEDIATE')
    const refused = [1, 2, 3, 4].map(() => site.ledger.add([{}]))
    for (const { status } of await Promise.all(refused.map((sent) => running.sender.post(sent))))
      expect(status).toBe(503)
    expect(await running.control('health')).toMatchObject({ ready: false })
    other.exec('ROLLBACK')
    await vi.waitFor(async () => expect(await running.control('health')).toMatchObject({ ready: true }), 20_000)
    await endsWell(site, running)
  })

  it('that takes the write lock again and again delays, and loses nothing', async () => {
    const site = new Site()
    const running = await site.start(soon)
    const other = connect(site.path)
    const load = running.sender.load(4, small(site.ledger))
    for (const count of [20, 40, 60, 80]) {
      other.exec('BEGIN IMMEDIATE')
      const refused = running.sender.answers[503] ?? 0
      await vi.waitFor(() => expect(running.sender.answers[503]).toBeGreaterThan(refused), 20_000)
      other.exec('ROLLBACK')
      await running.sender.acknowledgements(count)
    }
    running.sender.stop()
    await load
    await running.kill()
    await endsWell(site, await site.start(soon))
  })

  it('that reads an old snapshot for long holds nobody, and the log of the database is short again after it', async () => {
    const site = new Site()
    const running = await site.start(soon)
    await running.sender.deliver(site.ledger.add([{}]))
    const other = connect(site.path)
    other.exec('BEGIN')
    other.prepare('SELECT count(*) FROM delivery').get()
    const pad = noise(seeded(1), 400_000)
    for (let i = 0; i < 40; i++) expect((await running.sender.post(site.ledger.add([{ pad }]))).status).toBe(200)
    await running.control('settled')
    const long = statSync(`${site.path}-wal`).size
    expect(long).toBeGreaterThan(4 << 20)
    other.exec('COMMIT')
    other.close()
    await endsWell(site, running)
    expect(existsSync(`${site.path}-wal`)).toBe(false)
  })
})

describe('a second receiver on the file', () => {
  it('says that it waits, answers 503, and takes over under load when the first is killed', async () => {
    const site = new Site()
    const first = await site.start(soon)
    const second = await site.launch(soon)
    expect(await second.child.line('log')).toMatchObject({ log: expect.stringContaining('another process') })
    const load = first.sender.load(4, small(site.ledger))
    await first.sender.acknowledgements(50)
    expect((await second.sender.post(site.ledger.add([{}]))).status).toBe(503)
    await first.kill()
    await load
    await second.child.line('open')
    expect(site.ledger.acknowledged.length).toBeGreaterThanOrEqual(50)
    await endsWell(site, second)
  })

  it('that finds the lock removed owns the file, and the first is not ready and stores nothing', async () => {
    const site = new Site()
    const first = await site.start(soon)
    await first.sender.deliver(site.ledger.add([{}]))
    // Within a second the first would make its lock anew, and keep the file.
    first.child.process.kill('SIGSTOP')
    unlinkSync(`${site.path}-lock`)
    const second = await site.start(soon)
    first.child.process.kill('SIGCONT')
    await vi.waitFor(async () => expect(await first.control('health')).toMatchObject({ ready: false }), 20_000)
    expect(await second.control('health')).toMatchObject({ ready: true })
    for (let i = 0; i < 5; i++) {
      expect((await first.sender.post(site.ledger.add([{}]))).status).toBe(503)
      await second.sender.deliver(site.ledger.add([{}]))
    }
    await first.end()
    await endsWell(site, second)
  })

  it('that has waited long enough ends with a code, and the first goes on', async () => {
    const site = new Site()
    const first = await site.start(soon)
    const second = await site.launch({ ...soon, ownerWaitMs: 0 })
    expect(await second.child.line('refused')).toMatchObject({ refused: 'ERR_INBOX_OWNED' })
    await first.sender.deliver(site.ledger.add([{}]))
    await endsWell(site, first)
  })
})
