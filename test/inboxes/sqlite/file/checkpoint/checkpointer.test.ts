import { randomFillSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { Checkpointer } from '../../../../../src/inboxes/sqlite/file/checkpoint/checkpointer.ts'
import { MOST_FRAMES } from '../../../../../src/inboxes/sqlite/file/checkpoint/checkpoints.ts'
import { isSound } from '../../../../../src/inboxes/sqlite/file/db/connect.ts'
import { ORDINARY_LOG_BYTES } from '../../../../../src/inboxes/sqlite/file/db/log-size.ts'
import { OwnedFile } from '../../../../../src/inboxes/sqlite/file/owned-file.ts'
import { nothing, pack } from '../../../../../src/inboxes/sqlite/wire/packing.ts'
import { firstPass, newDelivery, openWith, START } from '../../../inbox-kit.ts'
import { inboxOn, later, meddle, newFile } from '../../kit.ts'

const MB = 1 << 20

function openStore(path: string, checkpointer: Checkpointer): OwnedFile {
  const store = new OwnedFile({ path, minFreeBytes: 0, maxPages: null }, { checkpointer })
  const handlers = [{ name: 'a', formerly: [] }]
  store.open({ handlers, onRedelivery: 'record', now: START, held: [], identity: null })
  later(() => store.close(START))
  later(() => checkpointer.worker?.terminate())
  return store
}

let count = 0
const large = (bytes: number) => newDelivery(`n${count++}`, { body: randomFillSync(new Uint8Array(bytes)) })

function write(store: OwnedFile, bytes: number): void {
  store.group({ ...nothing, now: START, ...pack([large(bytes)]) })
  store.tidy()
}

const size = (path: string) => statSync(path).size

/** With an older SQLite two connections at work can damage the file: no other thread may do it. */
const sound = isSound(process.versions.sqlite ?? '0')

/** Declares a test that holds on this machine; another is not a test here, and so is not skipped either. */
const where = (holds: boolean) => (title: string, test: () => void | Promise<void>) => {
  if (holds) it(title, test)
}

where(!sound)('leaves everything to the writer where SQLite could damage the file', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  const store = openStore(path, checkpointer)
  write(store, 6 * MB)
  expect(checkpointer.worker).toBe(null)
  expect(size(path)).toBeGreaterThan(6 * MB)
})

where(sound)('brings the log of SQLite into the file in another thread, when there is something to bring', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  const store = openStore(path, checkpointer)
  write(store, MB)
  expect(checkpointer.worker).toBe(null)
  write(store, 5 * MB)
  expect(checkpointer.worker).not.toBe(null)
  checkpointer.wait()
  expect(checkpointer.isRunning()).toBe(false)
  expect(size(path)).toBeGreaterThan(6 * MB)
})

/** Frames of the log that it may have, and those of a group with a large body. */
const mostBytes = (group: number) => (MOST_FRAMES + 32 + group / 4_000) * (4_096 + 24)

where(sound)('keeps the log within its bound and a group, however far behind the other thread is', () => {
  const path = newFile()
  class Slow extends Checkpointer {
    #left = 0
    override begin = () => ++this.#left > 0
    override isRunning = () => this.#left > 0
    override wait = () => {
      this.#left = 0
    }
  }
  const store = openStore(path, new Slow())
  const sizes = Array.from({ length: 80 }, () => {
    write(store, MB)
    return size(`${path}-wal`)
  })
  expect(Math.max(...sizes)).toBeLessThan(mostBytes(MB))
  expect(size(path)).toBeGreaterThan(60 * MB)
})

/** A thread that never comes to anything. */
class Behind extends Checkpointer {
  begun = 0
  override begin = () => ++this.begun > 0
  override takeResult = () => 'left' as const
}

where(sound)('leaves what is left to the writer when the log is long, so that it begins anew', () => {
  const path = newFile()
  const store = openStore(path, new Behind())
  for (let n = 0; n < 6; n++) write(store, 5 * MB)
  expect(size(path)).toBeLessThan(MB)
  write(store, 5 * MB)
  expect(size(path)).toBeGreaterThan(35 * MB)
  const long = size(`${path}-wal`)
  expect(long).toBeLessThan(mostBytes(5 * MB))
  for (let n = 0; n < 3; n++) write(store, 5 * MB)
  expect(size(`${path}-wal`)).toBe(long)
})

where(sound)('lets a long log begin anew also where nearly all of it is in the file', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  const store = openStore(path, checkpointer)
  store.group({ ...nothing, now: START, ...pack([large((MOST_FRAMES - 300) * 4_092)]) })
  // It keeps the log from beginning anew when all of it is in the file.
  const reader = readerOf(path)
  store.tidy()
  checkpointer.wait()
  write(store, MB / 2)
  reader.exec('COMMIT')
  const long = size(`${path}-wal`)
  for (let n = 0; n < 5; n++) write(store, MB / 2)
  expect(size(`${path}-wal`)).toBeGreaterThan(long)
  expect(size(`${path}-wal`)).toBeLessThan(mostBytes(MB / 2))
})

where(sound)('begins to count again where somebody else has emptied the log', () => {
  const path = newFile()
  const checkpointer = new Behind()
  const store = openStore(path, checkpointer)
  for (let n = 0; n < 4; n++) write(store, 5 * MB)
  meddle(path, (db) => db.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
  write(store, 5 * MB)
  expect(checkpointer.begun).toBe(5)
})

where(sound)('looks at what was written, whatever it was', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  const store = openStore(path, checkpointer)
  write(store, 10)
  const claims = [{ handlers: ['a'], sources: ['shop', 'outlet'], maxDeliveries: 1, maxBytes: MB }]
  store.group({ ...nothing, now: START, claims })
  const letter = { handler: 'a', index: 0, attempts: 1, errors: [], at: START, size: 2, run: null }
  const dead = Array.from({ length: 50 }, () => ({ ...letter, element: new Uint8Array(MB / 10) }))
  store.group({ ...nothing, now: START, settlements: [firstPass(1, { dead })] })
  store.tidy()
  checkpointer.wait()
  expect(size(path)).toBeGreaterThan(5 * MB)
})

/** It reads the state of now until its COMMIT. */
function readerOf(path: string): DatabaseSync {
  const reader = new DatabaseSync(path)
  later(() => reader.close())
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM delivery').get()
  return reader
}

where(sound)('has the other thread not try at each group while somebody reads an earlier state', () => {
  const path = newFile()
  let begun = 0
  class Counting extends Checkpointer {
    override begin(file: string): boolean {
      begun++
      return super.begin(file)
    }
  }
  const checkpointer = new Counting()
  const store = openStore(path, checkpointer)
  const reader = readerOf(path)
  write(store, 5 * MB)
  for (let n = 0; n < 20; n++) {
    checkpointer.wait()
    write(store, 10)
  }
  expect(begun).toBe(1)
  reader.exec('COMMIT')
  write(store, 5 * MB)
  checkpointer.wait()
  expect(size(path)).toBeGreaterThan(10 * MB)
})

where(sound)('nor does the writer', () => {
  const path = newFile()
  const store = openStore(path, new Behind())
  const reader = readerOf(path)
  for (let n = 0; n < 7; n++) write(store, 5 * MB)
  reader.exec('COMMIT')
  write(store, 10)
  expect(size(path)).toBeLessThan(MB)
  write(store, 5 * MB)
  expect(size(path)).toBeGreaterThan(35 * MB)
})

where(sound)('leaves to the writer what it could not do, and makes no file', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  later(() => checkpointer.worker?.terminate())
  expect(checkpointer.begin(path)).toBe(true)
  checkpointer.wait()
  expect(existsSync(path)).toBe(false)
  const store = openStore(path, checkpointer)
  store.group({ ...nothing, now: START, ...pack([large(5 * MB)]) })
  expect(size(path)).toBeLessThan(MB)
  store.tidy()
  expect(size(path)).toBeGreaterThan(5 * MB)
  expect(checkpointer.takeResult()).toBe(null)
})

where(sound)('leaves everything to the writer when its thread has ended', async () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  const store = openStore(path, checkpointer)
  write(store, 5 * MB)
  checkpointer.wait()
  await checkpointer.worker?.terminate()
  expect(checkpointer.begin(path)).toBe(false)
  write(store, 5 * MB)
  expect(size(path)).toBeGreaterThan(10 * MB)
})

it('tells a failure once', () => {
  const checkpointer = new Checkpointer()
  later(() => checkpointer.worker?.terminate())
  checkpointer.begin(newFile())
  checkpointer.wait()
  expect([checkpointer.takeResult(), checkpointer.takeResult()]).toEqual(['failed', null])
})

/** Node names its threads from 24 on, and Linux tells. */
const named = Number.parseInt(process.versions.node, 10) >= 24 && process.platform === 'linux'

where(sound && named)('leaves no thread behind when the inbox is closed, nor a log', async () => {
  const threads = () => {
    const tasks = readdirSync('/proc/self/task')
    const names = tasks.map((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim())
    return names.filter((name) => name.startsWith('posthorn'))
  }
  const path = newFile()
  const { inbox } = await openWith(inboxOn(path), ['a'])
  await inbox.accept(large(5 * MB))
  await expect.poll(threads).toContain('posthorn-checkp')
  await inbox.close()
  expect(threads()).toEqual([])
  expect(existsSync(`${path}-wal`)).toBe(false)
})

where(sound)('shortens the log after somebody has read an earlier state for long, where nothing is written', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  const store = openStore(path, checkpointer)
  const reader = new DatabaseSync(path)
  later(() => reader.close())
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM delivery').get()
  while (size(`${path}-wal`) <= 2 * ORDINARY_LOG_BYTES) write(store, 8 * MB)
  const look = () => {
    store.group({ ...nothing, now: START, wishes: true })
    store.tidy()
    checkpointer.wait()
  }
  const long = size(`${path}-wal`)
  look()
  expect(size(`${path}-wal`)).toBe(long)
  reader.exec('COMMIT')
  // The first brings in, in the other thread, what stands in it; the second ends it.
  look()
  expect(size(path)).toBeGreaterThan(2 * ORDINARY_LOG_BYTES - 8 * MB)
  look()
  expect(size(`${path}-wal`)).toBeLessThan(MB)
})

where(sound)('moves nothing where the disk has no room for all of it, and refuses what is new in time', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  let free = 5 * MB
  const store = new OwnedFile({ path, minFreeBytes: MB, maxPages: null }, { checkpointer, free: () => free })
  later(() => store.close(START))
  later(() => checkpointer.worker?.terminate())
  const handlers = [{ name: 'a', formerly: [] }]
  store.open({ handlers, onRedelivery: 'record', now: START, held: [], identity: null })
  // Five more would be in the file than are free.
  write(store, 6 * MB)
  checkpointer.wait()
  expect(size(path)).toBeLessThan(MB)
  const refused = store.group({ ...nothing, now: START, ...pack([large(MB)]) })
  expect(refused).toMatchObject({ shortage: expect.stringContaining('its log needs'), accepts: [{ failure: {} }] })
  expect(store.probe().shortage).toContain('its log needs')
  free = 8 * MB
  expect(store.probe()).toEqual({ shortage: null })
  write(store, MB)
  checkpointer.wait()
  expect(size(path)).toBeGreaterThan(6 * MB)
})
