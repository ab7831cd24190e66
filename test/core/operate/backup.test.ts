import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { createReceiver } from '../../../src/index.ts'
import { toy } from '../../support/toy.ts'

const newReceiver = (inbox = memory()) => createReceiver({ inbox, sources: { shop: toy() }, logger: false })

it('copies the inbox of a receiver, and a receiver on the copy has what was stored', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const receiver = newReceiver(sqlite({ path: join(folder, 'inbox.db') }))
  const { id } = await receiver.inject('shop', '[{"type":"ping"}]')
  const copy = join(folder, 'copy.db')
  const { bytes } = await receiver.inbox.backup(relative(process.cwd(), copy))
  expect(bytes).toBeGreaterThan(0)
  await expect(receiver.inbox.backup(copy)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  const nowhere = receiver.inbox.backup(join(folder, 'nowhere', 'copy.db'))
  await expect(nowhere).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining('folder') })
  await receiver.close()
  const next = newReceiver(sqlite({ path: copy }))
  expect(await next.inbox.delivery(id)).toMatchObject({ id, kept: 'all' })
  await next.close()
})

it.each([[], [''], [' '], ['a\0b'], [undefined], [null], [7], [{ path: 'x' }], ['x.db', {}]])(
  'refuses %j before anything is opened',
  async (...args: unknown[]) => {
    const receiver = newReceiver()
    const backup = receiver.inbox.backup as (...args: unknown[]) => Promise<unknown>
    await expect(backup(...args)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    expect(await receiver.health()).toMatchObject({ ready: false })
    expect(existsSync('x.db')).toBe(false)
  },
)

it('says so where the inbox has no file', async () => {
  const receiver = newReceiver()
  await expect(receiver.inbox.backup('copy.db')).rejects.toMatchObject({
    code: 'ERR_OPTION',
    message: expect.stringContaining('no file'),
  })
  await receiver.close()
})
