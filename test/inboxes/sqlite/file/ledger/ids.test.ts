import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { connect } from '../../../../../src/inboxes/sqlite/file/db/connect.ts'
import type { Database } from '../../../../../src/inboxes/sqlite/file/db/database.ts'
import {
  findById,
  forgetId,
  indexIds,
  LookedIds,
  type RecentIds,
  readRecentIds,
} from '../../../../../src/inboxes/sqlite/file/ledger/ids.ts'
import { OwnedFile } from '../../../../../src/inboxes/sqlite/file/owned-file.ts'
import { nothing, pack } from '../../../../../src/inboxes/sqlite/wire/packing.ts'
import { newDelivery, START } from '../../../inbox-kit.ts'
import { later, newFile } from '../../kit.ts'

const deliveries = Array.from({ length: 40 }, (_, n) => newDelivery(`n${n}`, { body: new Uint8Array(500).fill(n) }))
const small = { gathered: 30, portion: 7 }

function openStore(path: string): OwnedFile {
  const store = new OwnedFile({ path, minFreeBytes: 0, maxPages: null })
  const handlers = [{ name: 'a', formerly: [] }]
  store.open({ handlers, onRedelivery: 'record', now: START, held: [], identity: null })
  later(() => store.close(START))
  return store
}

/** A file with the deliveries, and two bodies under the id of the first. */
function filled(): { path: string; db: Database } {
  const path = newFile()
  fill(path)
  const db = connect(path, null)
  later(() => db.close())
  return { path, db }
}

function fill(path: string): void {
  const store = openStore(path)
  store.group({ ...nothing, now: START, ...pack(deliveries) })
  store.group({ ...nothing, now: START, ...pack([newDelivery('n0', { body: new Uint8Array(3) })]) })
  store.close(START)
}

/** What is found under each id, by its place: the first of them twice. */
function expectAllFound(db: Database, ids: RecentIds | null): void {
  const known = ids ?? new LookedIds().upTo(db)
  const found = deliveries.map(({ id }) => findById(db, known, id))
  expect(found).toEqual(deliveries.map((_, n) => (n === 0 ? [1, 41] : [n + 1])))
  expect(findById(db, known, 'd_other')).toEqual([])
}

const inIndex = (db: Database) => db.all<{ seq: number }>('SELECT seq FROM delivery_by_id').length

it('finds a delivery before, while and after its id is added to the index, with the latest in memory or without', () => {
  const { db } = filled()
  const ids = readRecentIds(db)
  const portions: number[] = []
  do {
    expectAllFound(db, ids)
    expectAllFound(db, null)
    indexIds(db, ids, small)
    portions.push(inIndex(db))
    expectAllFound(db, readRecentIds(db))
  } while (ids.sorted.length > 0)
  expect(portions).toEqual([7, 14, 21, 28, 35, 41])
  expect(ids.latest.size + ids.filling.size).toBe(0)
  expect(readRecentIds(db).latest.size).toBe(0)
  expectAllFound(db, ids)
  expectAllFound(db, null)
})

it('does not begin before enough are gathered', () => {
  const { db } = filled()
  indexIds(db, readRecentIds(db))
  expect(inIndex(db)).toBe(0)
})

it('absorbs a repeat whose id was added half way when the process died', () => {
  const { path, db } = filled()
  indexIds(db, readRecentIds(db), small)
  const answer = openStore(path).group({ ...nothing, now: START, ...pack(deliveries) })
  expect(answer).toMatchObject({ accepts: deliveries.map((_, n) => ({ value: { status: 'duplicate', seq: n + 1 } })) })
})

it('does not add what has left the log meanwhile, nor find it', () => {
  const { db } = filled()
  const ids = readRecentIds(db)
  indexIds(db, ids, small)
  for (const [n, { id }] of deliveries.slice(0, 20).entries()) forgetId(db, ids, id, n + 1)
  db.run('DELETE FROM delivery WHERE seq <= 20')
  while (ids.sorted.length > 0) indexIds(db, ids, small)
  expect(db.all<{ seq: number }>('SELECT seq FROM delivery_by_id WHERE seq <= 20')).toEqual([])
  expect(deliveries.slice(0, 20).map(({ id }) => findById(db, ids, id))).toEqual([[41], ...Array(19).fill([])])
})

it('adds what was to leave the log and has stayed, since its transaction was undone', () => {
  const { db } = filled()
  const ids = readRecentIds(db)
  db.exec('BEGIN')
  for (const [n, { id }] of deliveries.entries()) forgetId(db, ids, id, n + 1)
  db.exec('ROLLBACK')
  do indexIds(db, ids, small)
  while (ids.sorted.length > 0)
  expect(inIndex(db)).toBe(41)
  expect(ids.gone.size).toBe(0)
  expectAllFound(db, ids)
})

it('opens a file with a damaged page of the log, and still absorbs repeats of the rest', () => {
  const path = newFile()
  fill(path)
  const file = readFileSync(path)
  // The root has old copies of its rows, since it was a leaf itself.
  const at = file.lastIndexOf('d_n22shop') & ~4_095
  file[at] = 0xff
  writeFileSync(path, file)
  const store = openStore(path)
  expect(store.group({ ...nothing, now: START, ...pack(deliveries.slice(-1)) })).toMatchObject({
    accepts: [{ value: { status: 'duplicate', seq: 40 } }],
  })
})
