import { randomFillSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Checkpointer, FAILED } from '../../../../../src/inboxes/sqlite/file/checkpoint/checkpointer.ts'
import { isSound } from '../../../../../src/inboxes/sqlite/file/db/connect.ts'
import { Store } from '../../../../../src/inboxes/sqlite/file/store.ts'
import { nothing, pack } from '../../../../../src/inboxes/sqlite/wire/packing.ts'
import { newDelivery, openWith, START } from '../../../inbox-kit.ts'
import { inboxOn, later, newFile } from '../../kit.ts'

const MB = 1 << 20

function openStore(path: string, checkpointer: Checkpointer): Store {
  const store = new Store({ path, minFreeBytes: 0, maxPages: null }, { checkpointer })
  const handlers = [{ name: 'a', formerly: [] }]
  store.open({ handlers, onRedelivery: 'record', now: START, held: [], identity: null })
  later(() => store.close(START))
  later(() => checkpointer.worker?.terminate())
  return store
}

let count = 0
const large = (bytes: number) => newDelivery(`n${count++}`, { body: randomFillSync(new Uint8Array(bytes)) })

function write(store: Store, bytes: number): void {
  store.group({ ...nothing, now: START, ...pack([large(bytes)]) })
  store.tidy()
}

const size = (path: string) => statSync(path).size

/** With an older SQLite two connections at work can damage the file: no other thread may do it. */
const sound = isSound(process.versions.sqlite ?? '0')

it.skipIf(sound)('leaves everything to the writer where SQLite could damage the file', () => {
  const path = newFile()
  const checkpointer = new Checkpointer()
  const store = openStore(path, checkpointer)
  write(store, 6 * MB)
  expect(checkpointer.worker).toBe(null)
  expect(size(path)).toBeGreaterThan(6 * MB)
})

it.runIf(sound)('brings the log of SQLite into the file in another thread, when there is something to bring', () => {
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

it.runIf(sound)('leaves what is left to the writer when the log is long, so that it begins anew', () => {
  const path = newFile()
  const told: number[] = []
  class Telling extends Checkpointer {
    override begin = () => true
    override takeResult = () => told.shift() ?? null
  }
  const store = openStore(path, new Telling())
  write(store, 5 * MB)
  told.push(8_000)
  write(store, 5 * MB)
  expect(size(path)).toBeLessThan(MB)
  told.push(9_000)
  write(store, 5 * MB)
  expect(size(path)).toBeGreaterThan(15 * MB)
  const long = size(`${path}-wal`)
  for (let n = 0; n < 2; n++) write(store, 5 * MB)
  expect(size(`${path}-wal`)).toBe(long)
})

it.runIf(sound)('leaves to the writer what it could not do, and makes no file', () => {
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

it.runIf(sound)('leaves everything to the writer when its thread has ended', async () => {
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
  expect([checkpointer.takeResult(), checkpointer.takeResult()]).toEqual([FAILED, null])
})

/** Node names its threads from 24 on, and Linux tells. */
const named = Number.parseInt(process.versions.node, 10) >= 24 && process.platform === 'linux'

it.runIf(sound && named)('leaves no thread behind when the inbox is closed, nor a log', async () => {
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
