import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { handClock, keptLines, newDelivery, openWith, seqsOf } from '../../../inbox-kit.ts'
import { inboxOn, newFile, newFolder, startChild } from '../../kit.ts'

const owned = { code: 'ERR_INBOX_OWNED', message: expect.stringContaining('PostgreSQL') }

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
  const second = inboxOn(path)
  await expect(openWith(second, ['a'])).rejects.toMatchObject(owned)
  // Closing a file drops the POSIX locks a process holds on it, whoever took them.
  const child = startChild('own', path)
  await child.said('ERR_INBOX_OWNED')
  await first.inbox.close()
  expect((await openWith(second, ['a'])).opened.stats.pending).toBe(0)
})

it('is owned under every name of the file', async () => {
  const path = newFile()
  await openWith(inboxOn(path), ['a'])
  const link = join(newFolder(), 'other.db')
  symlinkSync(path, link)
  await expect(openWith(inboxOn(link), ['a'])).rejects.toMatchObject(owned)
})

it('stops waiting for its file when it is closed', async () => {
  const path = newFile()
  await openWith(inboxOn(path), ['a'])
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
  expect(child.lines).toEqual(['open', '{"status":"accepted","seq":1,"settled":false}'])
  expect(child.stderr()).not.toMatch(/sqlite/i)
})
