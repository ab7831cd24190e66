import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migrations } from '../../../../../src/inboxes/sqlite/file/db/migrations.ts'
import { everything, firstPass, handClock, keptLines, newDelivery, openWith } from '../../../inbox-kit.ts'
import { inboxOn, meddle, newFile, newFolder, startChild } from '../../kit.ts'

/** What a start says of a file. */
async function opened(path: string) {
  const logger = keptLines()
  const { inbox } = await openWith(inboxOn(path), ['a'], handClock(), logger)
  // The oldest Node that is supported has an older SQLite, which is warned of.
  const warned = logger.lines
    .map(({ message }) => message)
    .filter((message) => !/^SQLite .* is older than/.test(message))
  return { inbox, warned }
}

describe('a backup', () => {
  it('has everything that was acknowledged, in one file for its owner alone, and opens without a word', async () => {
    const { inbox, claim } = await openWith(inboxOn(newFile()), ['a'])
    for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
    await claim({ maxDeliveries: 1 })
    await inbox.settle(firstPass(1))
    const to = join(newFolder(), 'copy.db')
    expect(await inbox.backup?.(to)).toEqual({ bytes: statSync(to).size })
    expect(statSync(to).mode & 0o777).toBe(0o600)
    expect(['-part', '-wal', '-journal', '-shm'].filter((end) => existsSync(to + end))).toEqual([])
    // What comes after it is not in it.
    await inbox.accept(newDelivery('z'))
    expect(meddle(to, (db) => db.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' })
    const copy = await opened(to)
    expect(copy.warned).toEqual([])
    expect((await copy.inbox.deliveries(everything)).map(({ id }) => id)).toEqual(['d_y', 'd_x'])
    expect(await copy.inbox.stats()).toMatchObject({ pending: 1 })
    expect(await copy.inbox.accept(newDelivery('x'))).toMatchObject({ status: 'duplicate', isDone: true })
  })

  it('is made while deliveries are accepted, and beside the owner', async () => {
    const path = newFile()
    const { inbox } = await openWith(inboxOn(path), ['a'])
    for (let n = 0; n < 200; n++) await inbox.accept(newDelivery(`${n}`, { body: new Uint8Array(20_000).fill(n) }))
    const beside = (await openWith(inboxOn(path), [], handClock(), keptLines(), { role: 'control' })).inbox
    const copies = ['a.db', 'b.db'].map((name) => join(newFolder(), name))
    const made = Promise.all([inbox.backup?.(copies[0]!), beside.backup?.(copies[1]!)])
    for (let n = 200; n < 220; n++)
      expect(await inbox.accept(newDelivery(`${n}`))).toMatchObject({ status: 'accepted' })
    await made
    for (const copy of copies) {
      const { inbox } = await opened(copy)
      expect((await inbox.stats()).pending).toBeGreaterThanOrEqual(200)
    }
  })

  it('refuses a path where something is, and leaves it as it was', async () => {
    const { inbox } = await openWith(inboxOn(newFile()), ['a'])
    const to = join(newFolder(), 'copy.db')
    writeFileSync(to, 'mine')
    await expect(inbox.backup?.(to)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    expect(statSync(to).size).toBe(4)
    const other = join(dirname(to), 'other.db')
    writeFileSync(`${other}-part`, 'of another')
    await expect(inbox.backup?.(other)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    expect(existsSync(other)).toBe(false)
    expect(statSync(`${other}-part`).size).toBe(10)
  })

  it('leaves nothing where it fails', async () => {
    const path = newFile()
    const { inbox } = await openWith(inboxOn(path), ['a'])
    const to = join(newFolder(), 'missing', 'copy.db')
    await expect(inbox.backup?.(to)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    meddle(path, (db) => db.exec('PRAGMA user_version = 99'))
    const next = join(newFolder(), 'copy.db')
    await expect(inbox.backup?.(next)).rejects.toMatchObject({ code: 'ERR_INBOX_VERSION' })
    expect(existsSync(`${next}-part`)).toBe(false)
    meddle(path, (db) => db.exec(`PRAGMA user_version = ${migrations.length}`))
  })
})

describe('a copy of the file alone', () => {
  const missing = expect.stringContaining('was copied while a receiver had it open')

  it('is told when it lacks its log, and once', async () => {
    const path = newFile()
    const { inbox } = await openWith(inboxOn(path), ['a'])
    await inbox.accept(newDelivery('x'))
    const copy = join(newFolder(), 'inbox.db')
    copyFileSync(path, copy)
    const first = await opened(copy)
    expect(first.warned).toEqual([missing])
    expect(await first.inbox.stats()).toMatchObject({ pending: 0 })
    await first.inbox.close()
    expect((await opened(copy)).warned).toEqual([])
  })

  it('with its log, of a file that was closed, or of one whose process just ended has nothing to tell', async () => {
    const path = newFile()
    const child = startChild('hold', path)
    await child.said('claimed 1')
    child.process.kill('SIGKILL')
    await child.ended
    const copy = join(newFolder(), 'inbox.db')
    for (const end of ['', '-wal']) copyFileSync(path + end, copy + end)
    const whole = await opened(copy)
    expect(whole.warned).toEqual([])
    expect(await whole.inbox.stats()).toMatchObject({ pending: 2 })
    await whole.inbox.close()
    const closed = join(newFolder(), 'inbox.db')
    copyFileSync(copy, closed)
    expect((await opened(closed)).warned).toEqual([])
    // Node closes connections when a process ends by itself, and SQLite removes the log then.
    const left = newFile()
    await startChild('accept', left).ended
    expect(existsSync(`${left}-wal`)).toBe(false)
    expect((await opened(left)).warned.filter((line) => line.includes('copied'))).toEqual([])
  })
})
