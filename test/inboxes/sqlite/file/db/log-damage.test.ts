import { copyFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Database } from '../../../../../src/inboxes/sqlite/file/db/database.ts'
import { lostFrames, readLogState, wasEmptied } from '../../../../../src/inboxes/sqlite/file/db/log-damage.ts'
import { newFile } from '../../kit.ts'

/** The files as a process leaves them that is killed: twenty commits, so many of which are in the file itself. */
function killed(filed: 'none' | 'all'): string {
  const [path, copy] = [newFile(), newFile()]
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)')
  for (let n = 0; n < 20; n++) db.exec(`INSERT INTO t VALUES (${n})`)
  if (filed === 'all') db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  for (const end of ['', '-wal', '-shm']) copyFileSync(path + end, copy + end)
  db.close()
  return copy
}

function reopened(path: string): Database {
  const db = new Database(path)
  onTestFinished(() => db.close())
  return db
}

/** What an opening says that finds the files so. */
function lostIn(path: string): number {
  const before = readLogState(path)
  return lostFrames(reopened(path), path, before)
}

// Only Linux tells which files a process has open.
describe.skipIf(process.platform !== 'linux')('a write-ahead log that a killed process has left', () => {
  it('has lost nothing when it is as it was', () => {
    expect(lostIn(killed('none'))).toBe(0)
  })

  it.each([
    ['cut', (log: string) => truncateSync(log, 32 + 10 * 4_120)],
    ['empty', (log: string) => truncateSync(log, 0)],
    ['gone', (log: string) => rmSync(log)],
  ])('and that is %s has lost what was in no other file', (_, damage) => {
    const path = killed('none')
    damage(`${path}-wal`)
    expect(lostIn(path)).toBeGreaterThan(0)
  })

  it('has lost nothing that is in the file already', () => {
    const path = killed('all')
    rmSync(`${path}-wal`)
    expect(lostIn(path)).toBe(0)
  })

  it('says nothing where its index is not whole', () => {
    const path = killed('none')
    writeFileSync(`${path}-shm`, new Uint8Array(32_768))
    truncateSync(`${path}-wal`, 0)
    expect(lostIn(path)).toBe(0)
  })
})

it.skipIf(process.platform !== 'linux')(
  'the index is not read while this process has the file open: closing it again would drop the locks on it',
  () => {
    const path = killed('none')
    expect(readLogState(path)).not.toBeNull()
    reopened(path).get('SELECT count(*) FROM t')
    expect(readLogState(path)).toBeNull()
  },
)

it('a file counts as emptied only beside the lock of an inbox', () => {
  const path = newFile()
  expect(wasEmptied(path)).toBe(false)
  writeFileSync(`${path}-lock`, '')
  expect(wasEmptied(path)).toBe(true)
  writeFileSync(path, 'x')
  expect(wasEmptied(path)).toBe(false)
})
