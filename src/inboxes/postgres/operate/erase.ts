/** Taking elements out of stored deliveries, with all that was made of them. */
import { emptiedBody, withoutElements } from '../../../json/tombstone.ts'
import type { Erased, Erasure } from '../../../ports/inbox/operations.ts'
import { endsWithout } from '../../rules/progress.ts'
import { leftOf } from '../../rules/ranges.ts'
import { addCounts } from '../claims/write.ts'
import type { Database, Session as Db } from '../db/database.ts'
import { noteFreed, type RowWithKey } from '../life/freed.ts'
import { loadOne } from '../log/load.ts'
import { alter } from './alter.ts'

const findDelivery =
  'SELECT d.seq, a.size AS altered FROM @delivery d LEFT JOIN @altered a ON a.seq = d.seq WHERE d.seq = $1'
const lockPass = 'SELECT owner IS NULL AS free FROM @pass WHERE seq = $1 FOR UPDATE SKIP LOCKED'
const hasPass = 'SELECT 1 AS one FROM @pass WHERE seq = $1'
/** It stands for the claim of whoever erases, until the transaction ends. */
const holdRows = "INSERT INTO @held (seq, owner, rows) VALUES ($1, 0, '{}') ON CONFLICT DO NOTHING RETURNING seq"
const letGo = 'DELETE FROM @held WHERE seq = $1 AND owner = 0'
const readRows = 'SELECT id, handler, first, last, order_key FROM @work WHERE seq = $1'
const deleteRows = 'DELETE FROM @work WHERE id = ANY ($1::int8[])'
const forgetErrors = "UPDATE @work SET errors = '[]' WHERE id = ANY ($1::int8[])"
const deleteLetters = `
  DELETE FROM @dead_letter WHERE seq = $1 AND ($2::int4[] IS NULL OR element_index = ANY ($2::int4[])) RETURNING element_index AS index`
const deleteItems =
  'DELETE FROM @quarantine WHERE seq = $1 AND ($2::int4[] IS NULL OR element_index = ANY ($2::int4[]))'
const deleteDeaths = 'DELETE FROM @death WHERE seq = $1 AND ($2::int4[] IS NULL OR element_index = ANY ($2::int4[]))'
const readEnds = 'SELECT work_id, part, ends FROM @progress WHERE seq = $1 AND ends IS NOT NULL'
const writeEnds = 'UPDATE @progress SET ends = $4 WHERE seq = $1 AND work_id = $2 AND part = $3'
const endProgress = 'DELETE FROM @progress WHERE seq = $1 AND ($2::int8[] IS NULL OR work_id = ANY ($2::int8[]))'

interface One {
  readonly erased: number
  readonly rows: readonly RowWithKey[]
}

/** Each delivery in a transaction of its own: all of it is done to a delivery, or nothing. */
export async function erase(db: Database, erasures: readonly Erasure[]): Promise<Erased> {
  const busy: number[] = []
  let erased = 0
  for (const erasure of erasures) {
    const one = await db.transaction((tx) => eraseOne(tx, erasure))
    if (one === 'busy') busy.push(erasure.seq)
    else erased += one
  }
  return { erased, busy }
}

async function eraseOne(tx: Db, { seq, indices }: Erasure): Promise<number | 'busy'> {
  const [delivery] = await tx.all<{ altered: number | null }>(findDelivery, seq)
  if (delivery === undefined) return 0
  if (!(await claimAlone(tx, seq))) return 'busy'
  const isEmpty = delivery.altered === 0
  const one = indices === null ? await eraseWhole(tx, seq, isEmpty) : await eraseElements(tx, seq, indices, isEmpty)
  await addCounts(tx, [['erased', '', one.erased]])
  await noteFreed(tx, one.rows)
  await tx.all(letGo, seq)
  return one.erased
}

/** Nobody else claims it before this transaction has ended. */
async function claimAlone(tx: Db, seq: number): Promise<boolean> {
  const [pass] = await tx.all<{ free: boolean }>(lockPass, seq)
  if (pass !== undefined) return pass.free
  if ((await tx.all(hasPass, seq)).length > 0) return false
  return (await tx.all(holdRows, seq)).length > 0
}

/** Dead letters and quarantine may have outlived the bytes. */
async function eraseWhole(tx: Db, seq: number, isEmpty: boolean): Promise<One> {
  if (!isEmpty) await alter(tx, seq, emptiedBody())
  const letters = await tx.all<{ index: number }>(deleteLetters, seq, null)
  for (const text of [deleteItems, deleteDeaths]) await tx.all(text, seq, null)
  const rows = await tx.all<Row>(readRows, seq)
  await tx.all(
    deleteRows,
    rows.map(({ id }) => id),
  )
  await tx.all(endProgress, seq, null)
  return { erased: isEmpty ? new Set(letters.map(({ index }) => index)).size : 1, rows }
}

async function eraseElements(tx: Db, seq: number, indices: readonly number[], isEmpty: boolean): Promise<One> {
  const read = isEmpty ? null : await loadOne(tx, seq)
  const body = read === null || 'damage' in read ? null : read.delivery.body
  const altered = body && withoutElements(body, indices)
  if (altered && altered.erased > 0) await alter(tx, seq, altered.body)
  const letters = await tx.all<{ index: number }>(deleteLetters, seq, indices)
  await tx.all(deleteItems, seq, indices)
  await tx.all(deleteDeaths, seq, indices)
  const gone = new Set(indices)
  await eraseProgress(tx, seq, gone)
  const rows = await endRows(tx, seq, gone)
  return { erased: altered ? altered.erased : new Set(letters.map(({ index }) => index)).size, rows }
}

async function eraseProgress(tx: Db, seq: number, erased: ReadonlySet<number>): Promise<void> {
  for (const { work_id, part, ends } of await tx.all<{ work_id: number; part: number; ends: string }>(readEnds, seq)) {
    const left = endsWithout(JSON.parse(ends), erased)
    await tx.all(writeEnds, seq, work_id, part, JSON.stringify(left))
  }
}

interface Row extends RowWithKey {
  readonly id: number
  readonly first: number
  readonly last: number
}

/** Rows with nothing else in them end; longer ones go on without these elements, and without what was said of any. Answers those that ended. */
async function endRows(tx: Db, seq: number, erased: ReadonlySet<number>): Promise<readonly Row[]> {
  const rows = await tx.all<Row>(readRows, seq)
  const ended = rows.filter((row) => leftOf(row, erased) === 'ended')
  const shrunk = rows.filter((row) => leftOf(row, erased) === 'shrunk')
  await tx.all(
    deleteRows,
    ended.map(({ id }) => id),
  )
  await tx.all(
    endProgress,
    seq,
    ended.map(({ id }) => id),
  )
  await tx.all(
    forgetErrors,
    shrunk.map(({ id }) => id),
  )
  return ended
}
