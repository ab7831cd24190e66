import { expect, it } from 'vitest'
import { connect } from '../../../../../src/inboxes/sqlite/file/db/connect.ts'
import type { Database } from '../../../../../src/inboxes/sqlite/file/db/database.ts'
import {
  findConflict,
  forgetBatch,
  indexBatches,
  readRecentBatches,
} from '../../../../../src/inboxes/sqlite/file/ledger/batch-conflicts.ts'
import type { Ledger, RecentBatches } from '../../../../../src/inboxes/sqlite/file/ledger/ledger.ts'
import { OwnedFile } from '../../../../../src/inboxes/sqlite/file/owned-file.ts'
import { nothing, pack } from '../../../../../src/inboxes/sqlite/wire/packing.ts'
import { firstPass, newDelivery, START } from '../../../inbox-kit.ts'
import { later, newFile } from '../../kit.ts'

const names = Array.from({ length: 40 }, (_, n) => `n${n}`)
const small = { gathered: 30, portion: 7 }

/** A file with settled deliveries of forty batches, and one that is not settled with the batch id of the fourth. */
function filled(): Database {
  const path = newFile()
  const store = new OwnedFile({ path, minFreeBytes: 0, maxPages: null })
  const handlers = [{ name: 'a', formerly: [] }]
  store.open({ handlers, onRedelivery: 'record', now: START, held: [], identity: null })
  const group = { ...nothing, now: START }
  const claims = [{ handlers: ['a'], sources: ['shop', 'outlet'], maxDeliveries: 100, maxBytes: 1e6, ordered: [] }]
  store.group({ ...group, ...pack(names.map((name) => newDelivery(name, { batchId: name }))), claims })
  store.group({ ...group, settlements: names.map((_, n) => firstPass(n + 1)) })
  store.group({ ...group, ...pack([newDelivery('again', { batchId: 'n3' })]) })
  store.close(START)
  const db = connect(path, null)
  later(() => db.close())
  return db
}

/** The id of the delivery that the batch stands for, as the one that is not settled would be told. */
function conflictOf(db: Database, recent: RecentBatches, batchId: string): string | null {
  const { source } = newDelivery('again')
  // Nothing else of the ledger is looked at.
  return findConflict(db, { recent } as Ledger, 41, { source, batchId, isTest: false, size: 1, receivedAt: 0 })
}

const inTable = (db: Database) => db.all('SELECT hash FROM batch').length
const noted = (db: Database) => db.all('SELECT id FROM recent_batches').length

it('finds the first delivery of a batch before, while and after it is added to the table', () => {
  const db = filled()
  const recent = readRecentBatches(db)
  const portions: number[] = []
  do {
    indexBatches(db, recent, small)
    portions.push(inTable(db))
    for (const known of [recent, readRecentBatches(db)]) expect(conflictOf(db, known, 'n3')).toBe('d_n3')
  } while (recent.sorted.length > 0)
  expect(portions).toEqual([7, 14, 21, 28, 35, 40])
  expect([recent.latest.size, recent.filling.size, noted(db)]).toEqual([0, 0, 0])
})

it('does not begin before enough are gathered', () => {
  const db = filled()
  indexBatches(db, readRecentBatches(db))
  expect([inTable(db), noted(db)]).toEqual([0, 1])
})

it('keeps what is noted while others are being added', () => {
  const db = filled()
  const recent = readRecentBatches(db)
  indexBatches(db, recent, small)
  db.run('INSERT INTO recent_batches (batches) VALUES (?)', '[[123,41]]')
  while (recent.sorted.length > 0) indexBatches(db, recent, small)
  expect(readRecentBatches(db).latest).toEqual(new Map([[123, 41]]))
})

it('does not add what stands for its batch no longer, also where nothing else is left to add', () => {
  const db = filled()
  const recent = readRecentBatches(db)
  indexBatches(db, recent, small)
  const { source } = newDelivery('n0')
  for (const [n, name] of names.entries()) forgetBatch(db, { recent } as Ledger, n + 1, source, name)
  while (recent.sorted.length > 0) indexBatches(db, recent, small)
  expect(inTable(db)).toBe(0)
  expect([recent.latest.size, recent.filling.size, recent.added, noted(db)]).toEqual([0, 0, 0, 0])
})
