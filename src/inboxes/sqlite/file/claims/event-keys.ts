/**
 * Keys of events: a table for each slice of time, dropped whole when its keys have expired. A row costs about 20 bytes.
 * All of it inside the transaction of the group, but for looking.
 */
import type { EventKeys } from '../../../../ports/inbox/event-keys.ts'
import { oldestCounted, oldestSlice, PLACES, sliceOf, widthOf } from '../../../rules/key-slices.ts'
import type { OwnersRequest } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

interface Found {
  readonly place: number
  readonly low: number
  readonly seq: number
}

interface Slice {
  readonly width: number
  readonly number: number
}

/** While the clock may not be believed no slice makes room for another: then these events absorb nothing. */
export function keepKeys(db: Database, { windowMs, at, keys }: EventKeys, seq: number, isSteady: boolean): void {
  const width = widthOf(windowMs)
  const table = tableFor(db, { width, number: sliceOf(width, at) }, at, isSteady)
  if (table === null) return
  const insert = sql.insertKey(table)
  // Neighbours share pages: in order, each page is looked for once.
  const sorted = [...pairs(keys)].sort((a, b) => a[0] - b[0])
  for (const [high, low] of sorted) db.run(insert, high, low, seq)
}

/** Those of the delivery: what another has taken over since stays its own. */
export function forgetKeys(db: Database, windowMs: number, keys: Float64Array, seq: number): void {
  for (const table of tablesOf(db, widthOf(windowMs), 0))
    for (const [high, low] of pairs(keys)) db.run(sql.deleteKey(table), high, low, seq)
}

/**
 * The delivery that each key is kept for, by `seq`; 0: none. One statement for each table: hardly a key is there, and
 * what is not costs no step in JavaScript.
 */
export function findOwners(db: Database, { windowMs, keys, now, isSteady }: OwnersRequest): number[] {
  const width = widthOf(windowMs)
  const owners = new Array<number>(keys.length / 2).fill(0)
  const highs = JSON.stringify(Array.from(owners, (_, place) => keys[2 * place]))
  for (const table of tablesOf(db, width, oldestCounted(width, now, isSteady)).reverse())
    for (const { place, low, seq } of db.all<Found>(sql.findKeys(table), highs))
      if (keys[2 * place + 1] === low) owners[place] = seq
  return owners
}

/** Drops the slices of all windows whose time is over. */
export function dropExpired(db: Database, now: number): void {
  for (const slice of db.all<Slice>(sql.findAllSlices))
    if (slice.number < oldestSlice(slice.width, now)) drop(db, slice)
}

/** The table of the slice, made where there is none; null where its place is taken. */
function tableFor(db: Database, slice: Slice, now: number, isSteady: boolean): string | null {
  const { width, number } = slice
  const numbers = numbersOf(db, width, 0)
  if (numbers.includes(number)) return nameOf(slice)
  if (isSteady) dropExpired(db, now)
  // A clock that was set back finds slices of the future: one of them gives its place up.
  const inPlace = numbersOf(db, width, 0).filter((other) => other % PLACES === number % PLACES)
  if (inPlace.length > 0 && !isSteady) return null
  for (const other of inPlace) drop(db, { width, number: other })
  db.run(sql.insertSlice, width, number)
  db.exec(sql.createKeys(nameOf(slice)))
  return nameOf(slice)
}

function drop(db: Database, slice: Slice): void {
  db.exec(sql.dropKeys(nameOf(slice)))
  db.run(sql.deleteSlice, slice.width, slice.number)
}

function tablesOf(db: Database, width: number, oldest: number): string[] {
  return numbersOf(db, width, oldest).map((number) => nameOf({ width, number }))
}

function numbersOf(db: Database, width: number, oldest: number): number[] {
  return db.all<Slice>(sql.findSlices, width, oldest).map(({ number }) => number)
}

const nameOf = ({ width, number }: Slice) => `event_keys_${width}_${number % PLACES}`

function* pairs(keys: Float64Array): Generator<readonly [number, number]> {
  for (let at = 0; at + 1 < keys.length; at += 2) yield [keys[at] ?? 0, keys[at + 1] ?? 0]
}
