import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { faultOf } from '../../../../../src/inboxes/sqlite/file/db/access.ts'
import { openWith } from '../../../inbox-kit.ts'
import { inboxOn, newFile, startAs } from '../../kit.ts'

const NOBODY = 65_534

it('says nothing where the file can be had, or made', async () => {
  const path = newFile()
  expect(faultOf(path)).toBe('')
  expect(faultOf(join(dirname(path), 'deep', 'down', 'inbox.db'))).toBe('')
  await openWith(inboxOn(path), ['a'])
  expect(faultOf(path)).toBe('')
})

it('tells a directory in the place of one of the files', () => {
  const path = newFile()
  mkdirSync(`${path}-shm`)
  expect(faultOf(path)).toMatch(new RegExp(`^EISDIR on ${path}-shm`))
})

/** Another user can start this Node on these sources: the folders above them are open to all, and this is root. */
function canStartAs(uid: number): boolean {
  const read = `require('node:fs').readFileSync(${JSON.stringify(import.meta.filename)})`
  return process.getuid?.() === 0 && spawnSync(process.execPath, ['--eval', read], { uid }).status === 0
}

describe.runIf(canStartAs(NOBODY))('a process of another user', () => {
  const because = async (path: string) => {
    const child = startAs(NOBODY, 'own', path)
    await child.said('ERR_INBOX_IO')
    return child.lines.find((line) => line.startsWith('because')) ?? ''
  }
  const owner = (mode: string) => `which belongs to uid 0, gid 0 \\(mode ${mode}\\); this process runs as uid ${NOBODY}`

  it('is told which file it cannot have, why, and whose it is', async () => {
    const path = newFile()
    chmodSync(dirname(path), 0o777)
    await (await openWith(inboxOn(path), ['a'])).inbox.close()
    expect(await because(path)).toMatch(new RegExp(`EACCES on ${path}, ${owner('600')}`))
    chmodSync(path, 0o666)
    expect(await because(path)).toMatch(new RegExp(`EACCES on ${path}-lock, ${owner('600')}`))
    chmodSync(`${path}-lock`, 0o666)
    writeFileSync(`${path}-wal`, '', { mode: 0o600 })
    expect(await because(path)).toMatch(new RegExp(`EACCES on ${path}-wal, ${owner('600')}`))
  })

  it('is told of the directory, where it cannot write into it or make it', async () => {
    const path = newFile()
    chmodSync(dirname(path), 0o755)
    expect(await because(path)).toMatch(new RegExp(`EACCES on ${dirname(path)}, ${owner('755')}`))
    const deep = join(dirname(path), 'deep', 'down', 'inbox.db')
    expect(await because(deep)).toMatch(new RegExp(`EACCES on ${dirname(path)}, ${owner('755')}`))
  })
})
