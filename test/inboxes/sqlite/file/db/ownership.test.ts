import { existsSync, linkSync, renameSync, statSync, symlinkSync, unlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { firstPass, handClock, keptLines, newDelivery, openWith, seqsOf } from '../../../inbox-kit.ts'
import { inboxOn, newFile, newFolder, startChild } from '../../kit.ts'

const owned = { code: 'ERR_INBOX_OWNED', message: expect.stringContaining('in use by another receiver') }
const ownedHere = { code: 'ERR_INBOX_OWNED', message: expect.stringContaining('loaded twice') }

it('takes over when the owner ends, saying why it waits', async () => {
  const path = newFile()
  const first = await openWith(inboxOn(path), ['a'])
  await first.inbox.accept(newDelivery('x'))
  await first.claim()
  await first.inbox.close()
  const child = startChild('own', path)
  await child.said('open')
  const logger = keptLines()
  const opening = openWith(inboxOn(path, { ownerWaitMs: 25_000 }), ['a'], handClock(), logger)
  await expect.poll(() => logger.lines.map((line) => line.level), { timeout: 10_000 }).toEqual(['warn'])
  child.process.kill('SIGKILL')
  await child.ended
  const { claim } = await opening
  expect(seqsOf(await claim())).toEqual([1])
})

it('gives up when the owner stays, naming what to use instead', async () => {
  const path = newFile()
  const child = startChild('own', path)
  await child.said('open')
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject(owned)
})

it('is owned by one inbox of a process, and stays owned when another was refused', async () => {
  const path = newFile()
  const first = await openWith(inboxOn(path), ['a'])
  // It does not wait: nobody can tell that the first will be closed.
  const second = inboxOn(path, { ownerWaitMs: 2 ** 31 - 1 })
  await expect(openWith(second, ['a'])).rejects.toMatchObject(ownedHere)
  // Closing a file drops the POSIX locks a process holds on it, whoever took them.
  const child = startChild('own', path)
  await child.said('ERR_INBOX_OWNED')
  await first.inbox.close()
  expect((await openWith(second, ['a'])).opened.stats.pending).toBe(0)
})

it('waits for an inbox of its own process that is being closed', async () => {
  const path = newFile()
  const first = await openWith(inboxOn(path), ['a'])
  const closed = first.inbox.close()
  const second = await openWith(inboxOn(path, { ownerWaitMs: 25_000 }), ['a'])
  await closed
  expect(second.opened.stats.pending).toBe(0)
})

it('is owned under every name of the file', async () => {
  const path = newFile()
  await openWith(inboxOn(path), ['a'])
  const link = join(newFolder(), 'other.db')
  symlinkSync(path, link)
  await expect(openWith(inboxOn(link), ['a'])).rejects.toMatchObject(ownedHere)
})

it.each([
  ['before the file is there', (path: string, link: string) => symlinkSync(path, link)],
  [
    'through another link and a folder that is missing',
    (path: string, link: string) => {
      symlinkSync(path, `${link}-2`)
      symlinkSync(`./${basename(link)}-2`, link)
    },
  ],
])('is owned under a link that was made %s', async (_, make) => {
  const path = join(newFolder(), 'missing', 'inbox.db')
  const link = join(newFolder(), 'other.db')
  make(path, link)
  await openWith(inboxOn(link), ['a'])
  expect([path, `${path}-lock`, `${link}-lock`].map((file) => existsSync(file))).toEqual([true, true, false])
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject(ownedHere)
})

it('refuses a link that leads to itself', async () => {
  const path = newFile()
  symlinkSync(path, path)
  await expect(openWith(inboxOn(path), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
})

it('refuses a file with two names, under each of which it would have another log', async () => {
  const path = newFile()
  await (await openWith(inboxOn(path), ['a'])).inbox.close()
  const other = join(newFolder(), 'other.db')
  linkSync(path, other)
  for (const name of [path, other])
    await expect(openWith(inboxOn(name), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  unlinkSync(other)
  await openWith(inboxOn(path), ['a'])
})

describe('a lock that is removed', () => {
  it('is taken anew, so that others find it', async () => {
    const path = newFile()
    const { inbox, clock } = await openWith(inboxOn(path), ['a'])
    unlinkSync(`${path}-lock`)
    clock.advance(1_000)
    await expect.poll(() => existsSync(`${path}-lock`)).toBe(true)
    await inbox.stats()
    const child = startChild('own', path)
    await child.said('ERR_INBOX_OWNED')
    expect(await inbox.accept(newDelivery('x'))).toMatchObject({ status: 'accepted' })
    expect(inbox.trouble()).toBeNull()
  })

  it('stops the owner when another process has taken it, before it writes, and for good', async () => {
    const path = newFile()
    const first = await openWith(inboxOn(path), ['a'])
    await first.inbox.accept(newDelivery('x'))
    const [held] = await first.claim()
    unlinkSync(`${path}-lock`)
    const second = await openWith(inboxOn(path), ['a'])
    const [taken] = await second.claim()
    expect(taken).toMatchObject({ delivery: { seq: 1 }, careful: true })
    await expect(first.inbox.accept(newDelivery('y'))).rejects.toMatchObject({ code: 'ERR_INBOX_OWNED' })
    expect(first.inbox.trouble()).toContain('another process')
    await expect(first.inbox.settle(firstPass(held!.delivery.seq))).rejects.toMatchObject({ code: 'ERR_INBOX_OWNED' })
    await second.inbox.settle(firstPass(1))
    expect(await second.inbox.accept(newDelivery('y'))).toEqual({ status: 'accepted', seq: 2, isDone: false })
    await second.inbox.close()
    await expect(first.inbox.accept(newDelivery('z'))).rejects.toMatchObject({ code: 'ERR_INBOX_OWNED' })
    await first.inbox.close()
    const third = await openWith(inboxOn(path), ['a'])
    expect(third.opened.stats).toMatchObject({ pending: 1 })
  })

  it('is looked for each second, where nothing is written', async () => {
    const path = newFile()
    const { inbox, clock, logger } = await openWith(inboxOn(path), ['a'])
    unlinkSync(`${path}-lock`)
    const second = await openWith(inboxOn(path), ['a'])
    clock.advance(1_000)
    await expect.poll(() => inbox.trouble()).toContain('another process')
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    expect(second.inbox.trouble()).toBeNull()
  })

  it('stops the owner when it was moved and another one was put in its place', async () => {
    const path = newFile()
    const { inbox, clock } = await openWith(inboxOn(path), ['a'])
    renameSync(`${path}-lock`, `${path}-lock-2`)
    const { ino } = statSync(`${path}-lock-2`)
    const child = startChild('own', path)
    await child.said('open')
    expect(statSync(`${path}-lock`).ino).not.toBe(ino)
    clock.advance(1_000)
    await expect.poll(() => inbox.trouble()).toContain('another process')
  })
})

it('stops waiting for its file when it is closed', async () => {
  const path = newFile()
  const child = startChild('own', path)
  await child.said('open')
  const second = inboxOn(path, { ownerWaitMs: 25_000 })
  const opening = openWith(second, ['a'])
  const refused = expect(opening).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' })
  await expect(second.accept(newDelivery('x'))).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' })
  await second.close()
  await refused
})

it('lets the process end while it is idle, not while a call is under way', async () => {
  const child = startChild('accept', newFile())
  expect(await child.ended).toEqual({ code: 0, signal: null })
  expect(child.lines).toEqual(['open', '{"status":"accepted","seq":1,"isDone":false}'])
  expect(child.stderr()).not.toMatch(/sqlite/i)
})
