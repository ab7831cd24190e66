/**
 * Keys of events: a table for each slice of time, dropped whole when its keys have expired. A row takes about 20 bytes.
 * Everything but `findFirstSeen` runs inside the transaction of the group.
 */
import type { EventKeys } from '../../../../ports/inbox/event-keys.ts'
import { oldestCounted, oldestSlice, PLACES, sliceOf, widthOf } from '../../../rules/key-slices.ts'
import type { FirstSeenRequest } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'

interface Found {
  readonly place: number
  readonly low: number
  readonly seq: number
}

interface Slice {
  readonly width: number
  readonly number: number
}

/**
 * A key whose `high` is stored already is not stored: copies of its event are handled again, never taken for the other.
 */
const insertKey = (table: string): string => `INSERT OR IGNORE INTO ${table} (high, low, seq) VALUES (?, ?, ?)`

/** While the clock is not steady no slice is dropped for a new one: keys without a slice are not kept. */
export function keepKeys(db: Database, { windowMs, at, keys }: EventKeys, seq: number, isSteady: boolean): void {
  const width = widthOf(windowMs)
  const table = tableFor(db, { width, number: sliceOf(width, at) }, at, isSteady)
  if (table === null) return
  const insert = insertKey(table)
  // Sorted, keys that share a page come one after the other.
  const sorted = [...pairs(keys)].sort((a, b) => a[0] - b[0])
  for (const [high, low] of sorted) db.run(insert, high, low, seq)
}

const deleteKey = (table: string): string => `DELETE FROM ${table} WHERE high = ? AND low = ? AND seq = ?`

/** Deletes keys that the delivery owns: those that another delivery has taken over since stay. */
export function forgetKeys(db: Database, windowMs: number, keys: Float64Array, seq: number): void {
  for (const table of tablesOf(db, widthOf(windowMs), 0))
    for (const [high, low] of pairs(keys)) db.run(deleteKey(table), high, low, seq)
}

/**
 * The parameter: the `high` of each key, as a JSON list. Returns the stored keys among them, by their place in the
 * list.
 */
const findKeys = (table: string): string =>
  `SELECT asked.key AS place, kept.low, kept.seq FROM json_each(?) asked CROSS JOIN ${table} kept ON kept.high = asked.value`

/**
 * The `seq` of the delivery that owns each key; 0: none. One statement for each table: few keys are stored, and the
 * others cost no step in JavaScript.
 */
export function findFirstSeen(db: Database, { windowMs, keys, now, isSteady }: FirstSeenRequest): number[] {
  const width = widthOf(windowMs)
  const firsts = new Array<number>(keys.length / 2).fill(0)
  const highs = JSON.stringify(Array.from(firsts, (_, place) => keys[2 * place]))
  for (const table of tablesOf(db, width, oldestCounted(width, now, isSteady)).reverse())
    for (const { place, low, seq } of db.all<Found>(findKeys(table), highs))
      if (keys[2 * place + 1] === low) firsts[place] = seq
  return firsts
}

const findAllSlices = 'SELECT width, number FROM key_slice'

/** Drops the expired slices of all windows. */
export function dropExpired(db: Database, now: number): void {
  for (const slice of db.all<Slice>(findAllSlices)) if (slice.number < oldestSlice(slice.width, now)) drop(db, slice)
}

const insertSlice = 'INSERT INTO key_slice (width, number) VALUES (?, ?)'

/** `table` is a name made of numbers: it needs no quotes. */
const createKeys = (table: string): string =>
  `CREATE TABLE ${table} (high INTEGER PRIMARY KEY, low INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT`

/** The table of the slice, created where it is missing; null: its place is taken, and the clock is not steady. */
function tableFor(db: Database, slice: Slice, now: number, isSteady: boolean): string | null {
  const { width, number } = slice
  const numbers = numbersOf(db, width, 0)
  if (numbers.includes(number)) return nameOf(slice)
  if (isSteady) dropExpired(db, now)
  // After the clock was set back, a slice of the future may have the place: it is dropped.
  const inPlace = numbersOf(db, width, 0).filter((other) => other % PLACES === number % PLACES)
  if (inPlace.length > 0 && !isSteady) return null
  for (const other of inPlace) drop(db, { width, number: other })
  db.run(insertSlice, width, number)
  db.exec(createKeys(nameOf(slice)))
  return nameOf(slice)
}

const deleteSlice = 'DELETE FROM key_slice WHERE width = ? AND number = ?'
const dropKeys = (table: string): string => `DROP TABLE IF EXISTS ${table}`

function drop(db: Database, slice: Slice): void {
  db.exec(dropKeys(nameOf(slice)))
  db.run(deleteSlice, slice.width, slice.number)
}

function tablesOf(db: Database, width: number, oldest: number): string[] {
  return numbersOf(db, width, oldest).map((number) => nameOf({ width, number }))
}

const findSlices = 'SELECT number FROM key_slice WHERE width = ? AND number >= ? ORDER BY number'

function numbersOf(db: Database, width: number, oldest: number): number[] {
  return db.all<Slice>(findSlices, width, oldest).map(({ number }) => number)
}

const nameOf = ({ width, number }: Slice) => `event_keys_${width}_${number % PLACES}`

function* pairs(keys: Float64Array): Generator<readonly [number, number]> {
  for (let at = 0; at + 1 < keys.length; at += 2) yield [keys[at] ?? 0, keys[at + 1] ?? 0]
}
