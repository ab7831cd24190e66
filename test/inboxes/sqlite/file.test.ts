import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { APPLICATION_ID, migrations } from '../../../src/inboxes/sqlite/file/db/migrations.ts'
import { everything, firstPass, newDelivery, openWith, row, START, seqsOf } from '../inbox-kit.ts'
import { inboxOn, meddle, newFile, newFolder } from './kit.ts'

const value = (path: string, pragma: string) =>
  meddle(path, (db) => Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])

it('makes the file with its directory, for its owner alone, and leaves no log behind when closed', async () => {
  const path = join(newFolder(), 'deep', 'down', 'inbox.db')
  const { inbox } = await openWith(inboxOn(path), ['a'])
  await inbox.accept(newDelivery('x'))
  for (const suffix of ['', '-wal', '-shm', '-lock']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600)
  await inbox.close()
  expect(existsSync(`${path}-wal`)).toBe(false)
  expect(existsSync(`${path}-lock-journal`)).toBe(false)
})

it('stamps the file', async () => {
  const path = newFile()
  const { inbox } = await openWith(inboxOn(path), ['a'])
  await inbox.close()
  expect(value(path, 'application_id')).toBe(APPLICATION_ID)
  expect(value(path, 'user_version')).toBe(migrations.length)
  expect(value(path, 'journal_mode')).toBe('wal')
  expect(value(path, 'auto_vacuum')).toBe(2)
  expect(value(path, 'integrity_check')).toBe('ok')
})

it('refuses a database of another application and leaves it as it was', async () => {
  const path = newFile()
  meddle(path, (db) => db.exec('CREATE TABLE theirs (x)'))
  const before = readFileSync(path)
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_FOREIGN' })
  expect(readFileSync(path).equals(before)).toBe(true)
})

it('refuses a file of a newer release and leaves it as it was', async () => {
  const path = newFile()
  await (await openWith(inboxOn(path), ['a'])).inbox.close()
  meddle(path, (db) => db.exec(`PRAGMA user_version = ${migrations.length + 1}; PRAGMA wal_checkpoint(TRUNCATE)`))
  const before = readFileSync(path)
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_VERSION' })
  expect(readFileSync(path).equals(before)).toBe(true)
})

it('refuses what is not a database', async () => {
  const path = newFile()
  writeFileSync(path, 'dear diary, '.repeat(1_000))
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_CORRUPT' })
})

it('refuses a file that was cut short', async () => {
  const path = newFile()
  const { inbox } = await openWith(inboxOn(path), ['a'])
  for (let n = 0; n < 50; n++) await inbox.accept(newDelivery(`n${n}`, { body: new Uint8Array(9_000).fill(n) }))
  await inbox.close()
  writeFileSync(path, readFileSync(path).subarray(0, 8 * 4096))
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_CORRUPT' })
})

it('refuses a file that lacks its tables', async () => {
  const path = newFile()
  meddle(path, (db) =>
    db.exec(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}; CREATE TABLE x (y)`,
    ),
  )
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_CORRUPT' })
})

it('takes an empty file for a new one', async () => {
  const path = newFile()
  writeFileSync(path, '')
  expect((await openWith(inboxOn(path), ['a'])).opened.stats.pending).toBe(0)
})

it('names the path when it cannot be made or opened', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'file'), '')
  const below = join(folder, 'file', 'inbox.db')
  const refusal = (path: string) => ({ code: 'ERR_INBOX_IO', message: expect.stringContaining(path) })
  await expect(openWith(inboxOn(below), ['a'])).rejects.toMatchObject(refusal(below))
  const directory = join(folder, 'directory')
  mkdirSync(directory)
  await expect(openWith(inboxOn(directory), ['a'])).rejects.toMatchObject(refusal(directory))
})

it('can be opened after it was refused', async () => {
  const path = newFile()
  writeFileSync(path, 'x'.repeat(5_000))
  const inbox = inboxOn(path)
  await expect(openWith(inbox, ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_CORRUPT' })
  unlinkSync(path)
  expect((await openWith(inbox, ['a'])).opened.stats.pending).toBe(0)
})

it('acknowledges nothing once the file was deleted or replaced', async () => {
  const path = newFile()
  const { inbox, logger } = await openWith(inboxOn(path), ['a'])
  await inbox.accept(newDelivery('x'))
  unlinkSync(path)
  await expect(inbox.accept(newDelivery('y'))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  expect(inbox.trouble()).toContain(path)
  writeFileSync(path, '')
  chmodSync(path, 0o600)
  await expect(inbox.accept(newDelivery('y'))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  expect(statSync(path).size).toBe(0)
  expect(logger.lines.map((line) => line.level)).toContain('error')
})

it('gives back 12 MB byte for byte, compressed in the file', async () => {
  const path = newFile()
  const event = (n: number) =>
    `{"n":${n},"text":"ünïcode \\u0000 ${(n * 7919).toString(36)} ${'lorem ipsum '.repeat(90)}"}`
  const body = new TextEncoder().encode(`[${Array.from({ length: 10_000 }, (_, n) => event(n)).join(',')}]`)
  expect(body.byteLength).toBeGreaterThan(11_000_000)
  const first = await openWith(inboxOn(path), ['a'])
  await first.inbox.accept(newDelivery('x', { body }))
  await first.inbox.close()
  expect(statSync(path).size).toBeLessThan(body.byteLength / 4)
  const { claim } = await openWith(inboxOn(path), ['a'])
  const [claimed] = await claim()
  expect(Buffer.compare(claimed!.delivery.body, body)).toBe(0)
})

it('stores large bytes that do not shrink as they are', async () => {
  const path = newFile()
  const body = new Uint8Array(300_000)
  let state = 1
  for (let i = 0; i < body.length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    body[i] = state >>> 16
  }
  const { inbox } = await openWith(inboxOn(path, { cacheBytes: 0 }), ['a'])
  await inbox.accept(newDelivery('x', { body }))
  expect(meddle(path, (db) => db.prepare('SELECT coding, length(body) AS bytes FROM delivery').get())).toEqual({
    coding: null,
    bytes: body.byteLength,
  })
  expect(Buffer.compare((await inbox.delivery('d_x'))!.body, body)).toBe(0)
})

const damages: readonly (readonly [string, (db: DatabaseSync) => unknown])[] = [
  [
    'a flipped bit',
    (db) => db.prepare('UPDATE delivery SET body = ? WHERE seq = 2').run(Buffer.from('[{"name":"Y"}]')),
  ],
  ['a coding that does not fit', (db) => db.exec("UPDATE delivery SET coding = 'zstd' WHERE seq = 2")],
  ['a missing row', (db) => db.exec('DELETE FROM delivery WHERE seq = 2')],
]

it.each(damages)('quarantines a delivery with %s and hands out the others', async (_, damage) => {
  const path = newFile()
  const first = await openWith(inboxOn(path), ['a'])
  for (const name of ['x', 'y', 'z']) await first.inbox.accept(newDelivery(name))
  await first.inbox.close()
  meddle(path, damage)
  const { inbox, claim, logger } = await openWith(inboxOn(path), ['a'])
  expect(seqsOf(await claim({ maxDeliveries: 3 }))).not.toContain(2)
  await claim()
  expect(await inbox.stats()).toMatchObject({ pending: 2, quarantined: 1 })
  expect(logger.lines.filter(({ level }) => level === 'error')).toMatchObject([{ facts: { seq: 2 } }])
  for (const seq of [1, 3]) await inbox.settle(firstPass(seq))
  expect(await inbox.stats()).toMatchObject({ pending: 0, oldestPendingAt: null })
})

it('never gives out damaged bytes when asked for one delivery', async () => {
  const path = newFile()
  const { inbox } = await openWith(inboxOn(path), ['a'])
  await inbox.accept(newDelivery('x'))
  meddle(path, (db) => db.prepare('UPDATE delivery SET body = ?').run(Buffer.from('[]')))
  await expect(inbox.delivery('d_x')).rejects.toMatchObject({ code: 'ERR_INBOX_CORRUPT' })
})

it('takes work rows of a damaged delivery into the quarantine with it', async () => {
  const path = newFile()
  const { inbox, claim } = await openWith(inboxOn(path), ['a', 'b'])
  await inbox.accept(newDelivery('x'))
  await claim()
  await inbox.settle(firstPass(1, { rows: [row('a', START), row('b', START + 50)] }))
  meddle(path, (db) => db.prepare('UPDATE delivery SET body = ?').run(Buffer.from('[]')))
  expect(await claim()).toEqual([])
  expect(await inbox.stats()).toMatchObject({ pending: 0, quarantined: 1 })
  expect(await inbox.quarantine(everything)).toMatchObject([{ deliveryId: 'd_x', index: null }])
})

it('reads back from the file what is not at hand any more', async () => {
  const path = newFile()
  const { inbox, claim } = await openWith(inboxOn(path, { cacheBytes: 1_000 }), ['a'])
  const body = (n: number) => new Uint8Array(400).fill(n)
  for (let n = 1; n <= 6; n++) await inbox.accept(newDelivery(`n${n}`, { body: body(n) }))
  // The first two fit; what is at hand does not come from the file.
  meddle(path, (db) => db.prepare('UPDATE delivery SET body = ? WHERE seq IN (2, 4)').run(Buffer.from('[]')))
  const claims = await claim()
  expect(seqsOf(claims)).toEqual([1, 2, 3, 5, 6])
  for (const { delivery } of claims) expect(Buffer.compare(delivery.body, body(delivery.seq))).toBe(0)
})
