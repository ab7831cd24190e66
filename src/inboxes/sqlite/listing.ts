/** Listings, in stretches short enough not to hold up an acknowledgement. */
import type {
  NewQuarantine,
  StoredDeadLetter,
  StoredDelivery,
  StoredError,
  StoredQuarantine,
} from '../../core/ports.ts'
import type { Database, Named } from './database.ts'
import type { Stretch, StretchRequest } from './protocol.ts'
import { type DeliveryColumns, toDelivery } from './read.ts'
import * as sql from './sql.ts'

/** Ids looked at in one go. */
const STRETCH = 1_000

interface DeadLetterColumns extends DeliveryColumns {
  readonly letter: number
  readonly handler: string
  readonly element_index: number
  readonly attempts: number
  readonly at: number
  readonly elements: number
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

export function listDeliveries(
  db: Database,
  request: StretchRequest,
): Stretch<StoredDelivery & { readonly bytes: number }> {
  const stretch = take<DeliveryColumns>(db, request, sql.listDeliveries, sql.findLastSeq)
  return convert(stretch, (row) => ({ ...toDelivery(row), body: new Uint8Array(0), bytes: row.size }))
}

export function listDeadLetters(db: Database, request: StretchRequest): Stretch<StoredDeadLetter> {
  const stretch = take<DeadLetterColumns>(db, request, sql.listDeadLetters, sql.findLastDeadLetter)
  return convert(stretch, (row) => ({
    id: row.letter,
    handler: row.handler,
    index: row.element_index,
    attempts: row.attempts,
    errors: JSON.parse(row.errors) as StoredError[],
    at: row.at,
    element: row.element,
    size: row.elements,
    delivery: toDelivery(row),
  }))
}

export function listQuarantine(db: Database, request: StretchRequest): Stretch<StoredQuarantine> {
  const stretch = take<QuarantineColumns>(db, request, sql.listQuarantine, sql.findLastQuarantine)
  return convert(stretch, ({ item, element_index, id, what, ...row }) => ({
    ...row,
    ...(JSON.parse(what) as Pick<NewQuarantine, 'reason' | 'path'>),
    id: item,
    index: element_index,
    deliveryId: id,
  }))
}

function take<T>(db: Database, { page, before, limit }: StretchRequest, list: string, findLast: string): Stretch<T> {
  const top = before ?? (db.get<{ seq: number | null }>(findLast)?.seq ?? 0) + 1
  const from = Math.max(top - STRETCH, 0)
  const rows = db.allNamed<T>(list, { ...filtersOf(list, page), before: top, from, limit: Math.min(limit, STRETCH) })
  return { rows, next: from > 0 ? from : null }
}

/** Only those the statement has: the driver refuses others. */
function filtersOf(list: string, { source, since, until, handler }: StretchRequest['page']): Named {
  const filters = { source: source ?? null, since: since ?? null, until: until ?? null }
  return list.includes(':handler') ? { ...filters, handler: handler ?? null } : filters
}

function convert<A, B>({ rows, next }: Stretch<A>, to: (row: A) => B): Stretch<B> {
  return { rows: rows.map(to), next }
}
