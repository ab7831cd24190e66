import { expect, it } from 'vitest'
import { saveProgress, settle } from '../../../../../src/inboxes/sqlite/file/claims/settle.ts'
import { connect } from '../../../../../src/inboxes/sqlite/file/db/connect.ts'
import { readLedger } from '../../../../../src/inboxes/sqlite/file/ledger/read-ledger.ts'
import { OwnedFile } from '../../../../../src/inboxes/sqlite/file/owned-file.ts'
import { nothing, pack } from '../../../../../src/inboxes/sqlite/wire/packing.ts'
import { firstPass, newDelivery, row, START } from '../../../inbox-kit.ts'
import { later, newFile } from '../../kit.ts'

const moment = { now: START, isSteady: true }
const saved = { next: 1, over: {}, parts: 0, rows: [], at: START, dead: [], quarantined: [], unhandled: {}, copies: [] }

it('knows no more of a delivery whose last row has ended after progress was saved for it', () => {
  const path = newFile()
  const store = new OwnedFile({ path, minFreeBytes: 0, maxPages: null })
  const handlers = [{ name: 'a', formerly: [] }]
  store.open({ handlers, onRedelivery: 'record', now: START, held: [], identity: null })
  const group = { ...nothing, now: START }
  const claims = [{ handlers: ['a'], sources: ['shop', 'outlet'], maxDeliveries: 9, maxBytes: 1e6, ordered: [] }]
  store.group({ ...group, ...pack([newDelivery('x')]), claims })
  store.group({ ...group, settlements: [firstPass(1, { rows: [row('a', START), row('a', START)] })] })
  store.group({ ...group, claims })
  store.close(START)
  const db = connect(path, null)
  later(() => db.close())
  const held = [{ seq: 1, careful: false }]
  const owner = { handlers: ['a'], held, renames: new Map(), onRedelivery: 'record' } as const
  const draft = readLedger(db, owner, START)
  const ids = db.all<{ id: number }>('SELECT id FROM work').map(({ id }) => id)
  db.run('UPDATE work SET claimed = 1')
  expect(saveProgress(db, draft, [{ ...saved, seq: 1, row: ids[0]! }], moment)).toEqual([])
  expect([...draft.progressed]).toEqual([1])
  const end = (id: number) => settle(db, draft, { ...firstPass(1), firstPass: false, endedRows: [id] }, moment)
  end(ids[1]!)
  expect([...draft.progressed]).toEqual([1])
  draft.held.set(1, { careful: false, facts: null })
  end(ids[0]!)
  expect([...draft.progressed]).toEqual([])
})
