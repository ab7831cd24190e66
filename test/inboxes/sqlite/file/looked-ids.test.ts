/** Ids that a reader beside the owner looks for: what the index does not have is read once, not with each look. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Database } from '../../../../src/inboxes/sqlite/file/db/database.ts'
import { findById, LookedIds } from '../../../../src/inboxes/sqlite/file/ledger/ids.ts'
import { sqlite } from '../../../../src/inboxes/sqlite/index.ts'
import { createReceiver } from '../../../../src/index.ts'
import { toy } from '../../../support/toy.ts'

const folders: string[] = []
const newPath = () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-ids-'))
  folders.push(folder)
  return join(folder, 'inbox.db')
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Stores so many, and closes the file; their ids. */
async function stored(path: string, from: number, count: number): Promise<string[]> {
  const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
  await receiver.start()
  const ids: string[] = []
  for (let n = from; n < from + count; n++)
    ids.push((await receiver.inject('shop', JSON.stringify([{ type: 'ping', n }]))).id)
  await receiver.close()
  return ids
}

/** Opened for one look, as a viewer does; what was found, and how many rows were read for it. */
function looked(path: string, ids: LookedIds, id: string) {
  const db = new Database(path, { readOnly: true })
  let rows = 0
  const all = db.all.bind(db)
  db.all = ((...given: Parameters<typeof all>) => {
    const found = all(...given)
    rows += found.length
    return found
  }) as typeof db.all
  try {
    return { found: findById(db, ids.upTo(db), id), rows }
  } finally {
    db.close()
  }
}

it('are each read once, and new ones as they come', async () => {
  const path = newPath()
  const first = await stored(path, 0, 30)
  const ids = new LookedIds()
  expect(looked(path, ids, first[7] ?? '')).toEqual({ found: [8], rows: 30 })
  for (const [n, id] of first.entries()) expect(looked(path, ids, id)).toEqual({ found: [n + 1], rows: 0 })
  expect(looked(path, ids, 'd_nobody')).toEqual({ found: [], rows: 0 })
  const [next = ''] = await stored(path, 30, 1)
  expect(looked(path, ids, next)).toEqual({ found: [31], rows: 1 })
})

it('are read anew where another file has taken the place of this one', async () => {
  const [path, other] = [newPath(), newPath()]
  const [gone = ''] = await stored(path, 0, 5)
  const [there = ''] = await stored(other, 100, 5)
  const ids = new LookedIds()
  expect(looked(path, ids, gone).found).toEqual([1])
  expect(looked(other, ids, there).found).toEqual([1])
  expect(looked(other, ids, gone).found).toEqual([])
})
