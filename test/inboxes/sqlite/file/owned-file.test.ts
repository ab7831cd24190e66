import { randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { warningsAbout } from '../../../../src/inboxes/sqlite/file/db/connect.ts'
import { identityOf } from '../../../../src/inboxes/sqlite/file/db/files.ts'
import { OwnedFile } from '../../../../src/inboxes/sqlite/file/owned-file.ts'
import { nothing as noWork, pack } from '../../../../src/inboxes/sqlite/wire/packing.ts'
import type { GroupRequest, OpenRequest } from '../../../../src/inboxes/sqlite/wire/protocol.ts'
import { firstPass, newDelivery, row, START } from '../../inbox-kit.ts'
import { later, meddle, newFile } from '../kit.ts'

/** The store without its thread: what a thread knows that was started again after another had died. */
function openStore(path: string, held: readonly number[]): OwnedFile {
  const store = new OwnedFile({ path, minFreeBytes: 0, maxPages: null })
  store.open(opening(path, held))
  later(() => store.close(START))
  return store
}

/** Of a process that has had the file before when it holds something. */
function opening(path: string, held: readonly number[]): OpenRequest {
  return {
    handlers: [{ name: 'a', formerly: [] }],
    onRedelivery: 'record',
    now: START,
    held: held.map((seq) => ({ seq, careful: false })),
    identity: held.length > 0 ? { file: identityOf(path)!, owners: ownersOf(path) } : null,
  }
}

const ownersOf = (path: string) => Number(meddle(path, (db) => db.prepare('SELECT owners FROM upkeep').get())?.owners)

const nothing: GroupRequest = { ...noWork, now: START }

const claims = [{ handlers: ['a'], sources: ['shop', 'outlet'], maxDeliveries: 10, maxBytes: 1e9 }]
const letter = {
  handler: 'a',
  index: 0,
  attempts: 1,
  errors: [],
  at: START,
  element: new Uint8Array(1),
  size: 1,
  run: null,
}

it('carries a settlement out once when it comes again after a commit nobody heard of', () => {
  const path = newFile()
  const first = openStore(path, [])
  first.group({ ...nothing, ...pack([newDelivery('x')]), claims })
  const one = firstPass(1, { events: 3, dead: [letter], unhandled: { click: 2 }, rows: [row('a', START)] })
  first.group({ ...nothing, settlements: [one] })
  first.close(START)

  const second = openStore(path, [1])
  expect(second.group({ ...nothing, settlements: [one] })).toMatchObject({
    settlements: [{ value: { workIsLeft: true } }],
  })
  const counts = { pending: 1, deadLetters: 1, unhandled: { click: 2 } }
  const opened = second.group({ ...nothing, claims })
  const id = opened.lost === null ? opened.claims[0]?.claims[0]?.rows?.[0]?.id : undefined
  const again = { ...firstPass(1), firstPass: false, endedRows: [id!], dead: [letter], rows: [row('a', START + 5)] }
  second.group({ ...nothing, settlements: [again] })
  second.close(START)

  const third = new OwnedFile({ path, minFreeBytes: 0, maxPages: null })
  later(() => third.close(START))
  const answer = third.open(opening(path, [1]))
  expect(answer).toMatchObject({ opened: { stats: { ...counts, deadLetters: 2 } } })
  expect(third.group({ ...nothing, settlements: [again] })).toMatchObject({
    settlements: [{ value: { workIsLeft: true } }],
  })
  third.close(START)
  const fourth = new OwnedFile({ path, minFreeBytes: 0, maxPages: null })
  later(() => fourth.close(START))
  expect(fourth.open(opening(path, []))).toMatchObject({
    opened: { stats: { ...counts, deadLetters: 2 } },
  })
})

it('does not go on with another file in the place of the one it had', () => {
  const path = newFile()
  const store = openStore(path, [])
  store.close(START)
  const again = new OwnedFile({ path, minFreeBytes: 0, maxPages: null })
  later(() => again.close(START))
  expect(() => again.open({ ...opening(path, []), identity: { file: 'another', owners: 1 } })).toThrow(
    /deleted or replaced/,
  )
})

it('refuses new deliveries below the floor without touching the file, and takes them when there is room again', () => {
  const path = newFile()
  let free = 1_000_000
  const store = new OwnedFile({ path, minFreeBytes: 500_000, maxPages: null }, { free: () => free })
  later(() => store.close(START))
  store.open(opening(path, []))
  const accept = (name: string) => store.group({ ...nothing, ...pack([newDelivery(name)]) })
  expect(accept('x')).toMatchObject({ shortage: null, accepts: [{ value: { status: 'accepted' } }] })
  free = 499_999
  const bytes = () => ['', '-wal'].map((suffix) => readFileSync(path + suffix).toString('latin1'))
  const before = bytes()
  const shortage = expect.stringContaining('minFreeBytes')
  expect(accept('y')).toMatchObject({ shortage, accepts: [{ failure: { code: 'ERR_INBOX_FULL', message: shortage } }] })
  expect(store.probe()).toEqual({ shortage })
  expect(bytes()).toEqual(before)
  expect(accept('x')).toMatchObject({ accepts: [{ value: { status: 'duplicate', seq: 1 } }] })
  free = 500_000
  expect(store.probe()).toEqual({ shortage: null })
  expect(accept('y')).toMatchObject({ shortage: null, accepts: [{ value: { status: 'accepted', seq: 2 } }] })
})

it('probes with a write that reaches the file each time, and changes nothing', () => {
  const path = newFile()
  const store = openStore(path, [])
  store.group({ ...nothing, ...pack([newDelivery('x')]) })
  const log = () => readFileSync(`${path}-wal`).toString('latin1')
  const [stats, logs] = [store.stats(START), [log()]]
  for (let n = 0; n < 2; n++) {
    expect(store.probe()).toEqual({ shortage: null })
    logs.push(log())
  }
  expect(new Set(logs).size).toBe(3)
  expect(store.stats(START)).toEqual(stats)
})

it('finds a batch again whose hash is with thousands of others', () => {
  const path = newFile()
  const store = openStore(path, [])
  const settleAll = (names: readonly string[], batchId: (name: string) => string) => {
    const deliveries = names.map((name) => newDelivery(name, { batchId: batchId(name) }))
    store.group({ ...nothing, ...pack(deliveries) })
    const claimed = store.group({ ...nothing, claims: [{ ...claims[0]!, maxDeliveries: 10_000 }] })
    const seqs = claimed.lost === null ? claimed.claims[0]!.claims.map(({ seq }) => seq) : []
    return store.group({ ...nothing, settlements: seqs.map((seq) => firstPass(seq)) })
  }
  const many = Array.from({ length: 5_000 }, (_, n) => `n${n}`)
  settleAll(many.slice(0, 2_000), (name) => name)
  settleAll(many.slice(2_000), (name) => name)
  const again = settleAll(['old', 'new', 'other'], (name) => ({ old: 'n3', new: 'n4999' })[name] ?? name)
  expect(again).toMatchObject({
    settlements: ['d_n3', 'd_n4999', null].map((conflictsWith) => ({ value: { conflictsWith } })),
  })
  store.close(START)
  const reopened = openStore(path, [])
  reopened.group({ ...nothing, ...pack([newDelivery('late', { batchId: 'other' })]), claims })
  expect(reopened.group({ ...nothing, settlements: [firstPass(5_004)] })).toMatchObject({
    settlements: [{ value: { conflictsWith: 'd_other' } }],
  })
})

it.each([
  ['3.51.2', 1],
  ['3.51.3', 0],
  ['3.53.4', 0],
  ['3.9.0', 1],
  ['4.0.0', 0],
])('warns about the SQLite that can damage a file: %s', (version, warnings) => {
  expect(warningsAbout(version)).toHaveLength(warnings)
})

it('probes with a body as large as the one that was refused, up to 1 MiB', () => {
  const path = newFile()
  const store = new OwnedFile({ path, minFreeBytes: 0, maxPages: 400 })
  later(() => store.close(START))
  store.open(opening(path, []))
  const accept = (bytes: number) =>
    store.group({ ...nothing, ...pack([newDelivery(`${bytes}`, { body: randomFillSync(new Uint8Array(bytes)) })]) })
  const full = { lost: { code: 'ERR_INBOX_FULL' } }
  const probe = () => store.probe()
  expect(accept(1_200_000)).toMatchObject({ lost: null })
  expect(accept(300_000)).toMatchObject(full)
  expect(probe).toThrow(expect.objectContaining({ code: 'ERR_INBOX_FULL' }))
  // Small ones still fit, which says nothing of the one that was refused.
  expect(accept(1_000)).toMatchObject({ lost: null })
  expect(probe).toThrow(expect.objectContaining({ code: 'ERR_INBOX_FULL' }))
  meddle(path, (db) => db.exec("UPDATE delivery SET body = x'' WHERE seq = 1"))
  expect(probe()).toEqual({ shortage: null })
  // Beyond the cap it says nothing more.
  expect(accept(3_000_000)).toMatchObject(full)
  expect(probe()).toEqual({ shortage: null })
})

it('takes a number that is in the file already for a failure of the store, and counts anew', () => {
  const path = newFile()
  const store = openStore(path, [])
  store.group({ ...nothing, ...pack([newDelivery('x')]) })
  const columns = 'id, source, batch_id, is_test, sha256, received_at, meta, size, up_to, coding, body'
  meddle(path, (db) => db.exec(`INSERT INTO delivery (seq, ${columns}) SELECT 2, ${columns} FROM delivery`))
  const accept = () => store.group({ ...nothing, ...pack([newDelivery('y')]) })
  expect(accept()).toMatchObject({ lost: { code: 'ERR_INBOX_IO' } })
  expect(accept()).toMatchObject({ lost: null, accepts: [{ value: { status: 'accepted', seq: 3 } }] })
})
