/** A look beside the owner, by a connection that is kept from look to look. */
import { copyFileSync, existsSync, readdirSync, readlinkSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Viewer } from '../../../../src/inboxes/sqlite/file/viewer.ts'
import { describeWith } from '../../../faults/harness/tools.ts'
import { everything, newDelivery, openWith } from '../../inbox-kit.ts'
import { inboxOn, later, meddle, newFile, newFolder, startMounted } from '../kit.ts'

async function ownedWith(...names: readonly string[]) {
  const path = newFile()
  const { inbox } = await openWith(inboxOn(path), ['a'])
  for (const name of names) await inbox.accept(newDelivery(name))
  return { path, inbox }
}

function viewerOf(path: string) {
  const viewer = new Viewer({ path, minFreeBytes: 0, maxPages: null })
  viewer.keepOpen()
  const connection = () => viewer.read(({ db }) => db)
  const stored = () => viewer.read(({ db }) => db.get<{ n: number }>('SELECT count(*) AS n FROM delivery')?.n)
  return { connection, stored, viewer }
}

it('opens the file once, sees what is stored since, and holds no place of the log between two looks', async () => {
  const { path, inbox } = await ownedWith('x')
  const { connection, stored } = viewerOf(path)
  const first = connection()
  later(() => first.close())
  expect(stored()).toBe(1)
  await inbox.accept(newDelivery('y'))
  expect([stored(), connection()]).toEqual([2, first])
  // 0: nobody reads from it, so that it can begin anew.
  expect(meddle(path, (db) => db.prepare('PRAGMA wal_checkpoint(RESTART)').get())).toMatchObject({ busy: 0 })
})

it('opens the file anew when it was replaced, and after a look that failed', async () => {
  const [{ path }, { path: other, inbox }] = [await ownedWith('x'), await ownedWith('x', 'y')]
  const { connection, stored, viewer } = viewerOf(path)
  const before = connection()
  const failed = () => {
    throw new Error('no such look')
  }
  expect(() => viewer.read(failed)).toThrow('no such look')
  expect(connection()).not.toBe(before)
  expect(stored()).toBe(1)
  await inbox.close()
  copyFileSync(other, `${path}-new`)
  for (const end of ['-wal', '-shm']) renameSync(path + end, `${path}${end}-old`)
  renameSync(`${path}-new`, path)
  expect(stored()).toBe(2)
  connection().close()
})

describeWith(['linux'], 'the thread of looks', () => {
  it('has closed the file when the owner closes, which leaves no log', async () => {
    const { path, inbox } = await ownedWith('x')
    await inbox.deliveries(everything)
    const open = () => readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith(path)).length
    const owned = open()
    await inbox.deliveries(everything)
    expect(open()).toBe(owned)
    await inbox.close()
    expect([open(), existsSync(`${path}-wal`)]).toEqual([0, false])
  })
})

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return ''
  }
}

describeWith(['mount'], 'a file that nobody can write', () => {
  const readOnly = (folder: string) => `mount --bind '${folder}' '${folder}'; mount -o remount,ro,bind '${folder}'`

  it('is read on a disk that is read-only, with and without what a killed owner left', async () => {
    const { path, inbox } = await ownedWith('x', 'y')
    const left = join(newFolder(), 'inbox.db')
    for (const end of ['', '-wal', '-shm']) copyFileSync(path + end, left + end)
    await inbox.close()
    for (const file of [path, left]) await startMounted(readOnly(join(file, '..')), 'look', file).said('pending 2')
  })

  it('is said what to do about where the log alone was left', async () => {
    const { path } = await ownedWith('x')
    const left = join(newFolder(), 'inbox.db')
    for (const end of ['', '-wal']) copyFileSync(path + end, left + end)
    const child = startMounted(readOnly(join(left, '..')), 'look', left)
    await child.said('ERR_INBOX_IO')
    expect(child.lines.join()).toContain(`Copy ${left} and ${left}-wal together`)
  })
})
