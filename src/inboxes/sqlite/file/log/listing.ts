/** Listings, read in stretches of ids short enough not to delay an acknowledgement. */
import type { StoredDeadLetter, StoredDelivery, StoredError, StoredQuarantine } from '../../../../ports/inbox/rows.ts'
import type { Stretch, StretchRequest } from '../../wire/protocol.ts'
import { type DeliveryColumns, type Reader, toDelivery } from '../bodies/read.ts'
import { blob, type Database, type Named } from '../db/database.ts'
import * as sql from '../db/list-sql.ts'
import { readReceivedAt } from '../db/sql.ts'
import { readWhat } from '../ledger/quarantine-what.ts'

/** Ids looked at in one go. */
const STRETCH = 1_000

/** The statements of one listing: for a stretch of ids, for one delivery, and for the last id. */
interface Statements {
  readonly stretch: string
  readonly ofDelivery: string
  readonly findLast: string
}

interface DeadLetterColumns extends DeliveryColumns {
  readonly letter: number
  readonly handler: string
  readonly element_index: number
  readonly attempts: number
  readonly at: number
  readonly elements: number
  readonly redeliveries: number
  readonly run: string | null
  readonly errors: string
  readonly element: Uint8Array
}

interface QuarantineColumns {
  readonly item: number
  readonly element_index: number | null
  readonly at: number
  readonly what: string
  readonly source: string
  readonly id: string
}

const deliveries = { stretch: sql.listDeliveries, ofDelivery: sql.listDeliveriesOf, findLast: sql.findLastDelivery }
const deadLetters = {
  stretch: sql.listDeadLetters,
  ofDelivery: sql.listDeadLettersOf,
  findLast: sql.findLastDeadLetter,
}
const quarantine = { stretch: sql.listQuarantine, ofDelivery: sql.listQuarantineOf, findLast: sql.findLastQuarantine }

/** Shared by all rows: a message between threads then holds it once. */
const NO_BODY = new Uint8Array(0)

export function listDeliveries(
  reader: Reader,
  request: StretchRequest,
): Stretch<StoredDelivery & { readonly bytes: number }> {
  const { traced, deliveryId } = request.page
  const isTraced = traced !== undefined && deliveryId === undefined
  const stretch = isTraced ? takeTraced(reader, request, traced) : take<DeliveryColumns>(reader, request, deliveries)
  return convert(stretch, (row) => ({ ...toDelivery(row), body: NO_BODY, bytes: row.size }))
}

export function listDeadLetters(reader: Reader, request: StretchRequest): Stretch<StoredDeadLetter> {
  const stretch = take<DeadLetterColumns>(reader, request, deadLetters)
  return convert(stretch, (row) => ({
    id: row.letter,
    handler: row.handler,
    index: row.element_index,
    attempts: row.attempts,
    errors: JSON.parse(row.errors) as StoredError[],
    at: row.at,
    element: row.element,
    size: row.elements,
    redeliveries: row.redeliveries,
    run: row.run,
    delivery: toDelivery(row),
  }))
}

export function listQuarantine(reader: Reader, request: StretchRequest): Stretch<StoredQuarantine> {
  const stretch = take<QuarantineColumns>(reader, request, quarantine)
  return convert(stretch, ({ item, element_index, id, what, ...row }) => ({
    ...row,
    ...readWhat(what),
    id: item,
    index: element_index,
    deliveryId: id,
  }))
}

function take<T>(reader: Reader, request: StretchRequest, statements: Statements): Stretch<T> {
  const { db, find } = reader
  const { page, limit } = request
  const { deliveryId } = page
  const top = beginOf(reader, request, statements)
  if (deliveryId !== undefined) {
    const list = statements.ofDelivery
    const seqs = JSON.stringify(find(deliveryId))
    return { rows: db.allNamed<T>(list, { ...filtersOf(list, page), seqs, before: top, limit }), next: null }
  }
  const list = statements.stretch
  const from = Math.max(top - STRETCH, 0)
  const rows = db.allNamed<T>(list, { ...filtersOf(list, page), before: top, from, limit: Math.min(limit, STRETCH) })
  return { rows, next: from > 0 && !isBefore(db, page, from) ? from : null }
}

/**
 * Where a clock was set back by more, a page with `isLook` ends too soon; reading the whole log for it would be worse.
 */
const SLACK_MS = 86_400_000

/** Whether, for a page with `isLook`, the delivery at `seq` and those before it are too old. */
function isBefore(db: Database, { isLook, since }: StretchRequest['page'], seq: number): boolean {
  if (!isLook || since === undefined) return false
  const at = db.get<{ received_at: number }>(readReceivedAt, seq)?.received_at ?? null
  return at !== null && at < since - SLACK_MS
}

/** The stretch has ids below this one. */
function beginOf(reader: Reader, { page, before }: StretchRequest, statements: Statements): number {
  const top = before ?? topOf(reader, statements)
  const { isLook, until, deliveryId } = page
  if (!isLook || until === undefined || deliveryId !== undefined || before !== page.before) return top
  return firstAt(reader.db, until + SLACK_MS, top)
}

/** `seq` of the first delivery received at `at` or later, found by halving; `top` where there is none below it. */
function firstAt(db: Database, at: number, top: number): number {
  let [low, high] = [0, top]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = db.get<{ seq: number; received_at: number }>(sql.findFrom, middle)
    if (row === undefined || row.seq >= high || row.received_at >= at) high = middle
    else low = row.seq + 1
  }
  return low
}

/** The highest id, plus one. */
const topOf = ({ db }: Reader, { findLast }: Statements): number =>
  (db.get<{ id: number | null }>(findLast)?.id ?? 0) + 1

/** A stretch of deliveries, without those whose trace has none of the bytes in `traced`. */
function takeTraced(reader: Reader, request: StretchRequest, traced: Uint8Array) {
  const { db } = reader
  const { page, limit } = request
  const top = beginOf(reader, request, deliveries)
  const mark = db.get<{ mark: number }>(sql.readMark)?.mark ?? 0
  const isAbove = top > mark + 1
  const from = Math.max(top - STRETCH, isAbove ? mark + 1 : 0)
  const list = isAbove ? sql.listTracedAbove : sql.listTraced
  const filters = { ...filtersOf(list, page), traced: blob(traced) }
  const rows = db.allNamed<DeliveryColumns>(list, { ...filters, before: top, from, limit: Math.min(limit, STRETCH) })
  return { rows, next: from > 0 && !isBefore(db, page, from) ? from : null }
}

/** Only parameters that the statement has: the driver refuses others. */
function filtersOf(list: string, { source, since, until, handler, index, run }: StretchRequest['page']): Named {
  const filters = { source, since, until, handler, index, run }
  const known = Object.entries(filters).filter(([name]) => list.includes(`:${name} `))
  return Object.fromEntries(known.map(([name, value]) => [name, value ?? null]))
}

function convert<A, B>({ rows, next }: Stretch<A>, to: (row: A) => B): Stretch<B> {
  return { rows: rows.map(to), next }
}
