/** Pages of what is stored, newest first. */
import type { Listings, Page } from '../../../ports/inbox/records.ts'
import type { Session as Db } from '../db/database.ts'
import { hashOfId } from '../log/hashes.ts'
import { DELIVERY_COLUMNS, DELIVERY_JOINS, type DeliveryRow, toDelivery } from '../log/read.ts'

type Query = Pick<Db, 'all'>

/** Rows that one statement looks at: some ms, however few of them match, and no snapshot for longer. */
const STRETCH = 2_000
const LAST = Number.MAX_SAFE_INTEGER

/** Conditions with their values. */
class Where {
  readonly values: unknown[]
  readonly #conditions: string[] = []

  constructor(...values: readonly unknown[]) {
    this.values = [...values]
  }

  /** `?` stands for the value; nothing is added where it is not given. */
  add(condition: string, value: unknown): this {
    if (value === undefined || value === null) return this
    this.values.push(value)
    this.#conditions.push(condition.replaceAll('?', `$${this.values.length}`))
    return this
  }

  get text(): string {
    return this.#conditions.length === 0 ? 'true' : this.#conditions.join(' AND ')
  }
}

/** Where rows come from, and what numbers them. */
type Base = readonly [table: 'delivery', key: 'seq'] | readonly [table: 'dead_letter' | 'quarantine', key: 'id']

/** One page, gathered in stretches of the table; `from` stands for one of them. */
async function pageOf<R>(
  db: Query,
  [table, key]: Base,
  page: Page,
  read: (from: string, where: Where, limit: number) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const limit = Math.max(0, Math.trunc(page.limit))
  const { deliveryId, traced, signal } = page
  if (deliveryId !== undefined)
    return read(ofDelivery(table, key), new Where(page.before ?? LAST, hashOfId(deliveryId)), limit)
  const isTraced = table === 'delivery' && traced !== undefined
  const from = isTraced
    ? tracedStretch
    : `(SELECT * FROM @${table} WHERE ${key} < $1 ORDER BY ${key} DESC LIMIT ${STRETCH})`
  const [isLook, at] = table === 'delivery' ? [page.isLook, 'received_at'] : [false, 'at']
  const findNext = `SELECT ${key} AS key, ${at} AS at FROM @${table} WHERE ${key} < $1 ORDER BY ${key} DESC OFFSET ${STRETCH - 1} LIMIT 1`
  const own = isTraced ? [Buffer.from(traced)] : []
  const rows: R[] = []
  let before = page.before ?? LAST
  if (isLook && page.until !== undefined) before = await firstAt(db, page.until + SLACK_MS, before)
  while (!signal?.aborted) {
    rows.push(...(await read(from, new Where(before, ...own), limit - rows.length)))
    if (rows.length >= limit) return rows
    const [next] = await db.all<{ key: number; at: number }>(findNext, before)
    if (next === undefined || (isLook && page.since !== undefined && next.at < page.since - SLACK_MS)) return rows
    before = next.key
  }
  return rows
}

/** A clock that was set back by more makes a look begin too late, or end too soon; to go through all of the log would be worse. */
const SLACK_MS = 86_400_000

/** The place of the first delivery that came at this time or later, by halves; `top` where there is none below it. */
async function firstAt(db: Query, at: number, top: number): Promise<number> {
  const [last] = await db.all<{ seq: number }>(
    'SELECT seq FROM @delivery WHERE seq < $1 ORDER BY seq DESC LIMIT 1',
    top,
  )
  let [low, high] = [0, Math.min(top, (last?.seq ?? 0) + 1)]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [row] = await db.all<{ seq: number; at: number }>(
      'SELECT seq, received_at AS at FROM @delivery WHERE seq >= $1 ORDER BY seq LIMIT 1',
      middle,
    )
    if (row === undefined || row.seq >= high || row.at >= at) high = middle
    else low = row.seq + 1
  }
  return low
}

/**
 * As many of the log, without what traces pass over. Those that have one are settled, so their bodies and heads are not come
 * by; the others wait.
 */
const tracedStretch = `
  (SELECT * FROM @delivery WHERE seq < $1 AND seq = ANY (ARRAY(
    SELECT seq FROM @settled WHERE seq < $1 AND seq >= coalesce(
        (SELECT seq FROM @delivery WHERE seq < $1 ORDER BY seq DESC OFFSET ${STRETCH - 1} LIMIT 1), 0)
      AND (trace IS NULL OR position($2::bytea IN trace) > 0)
    UNION ALL SELECT seq FROM @pass WHERE seq < $1 AND seq >= coalesce(
        (SELECT seq FROM @delivery WHERE seq < $1 ORDER BY seq DESC OFFSET ${STRETCH - 1} LIMIT 1), 0))))`

/** Found by the keys of the delivery: its own table has none for it. */
const ofDelivery = (table: string, key: string) => `
  (SELECT * FROM @${table} WHERE ${key} < $1 AND seq = ANY (ARRAY(
    SELECT seq FROM @key WHERE hash = $2::uuid UNION ALL SELECT seq FROM @key_other WHERE hash = $2::uuid)))`

const ofPage = (where: Where, { source, deliveryId }: Page): Where =>
  where.add('d.source = ?', source).add('d.id = ?', deliveryId)

export async function listDeliveries(db: Query, page: Page): Promise<readonly Listings['deliveries'][]> {
  const rows = await pageOf<DeliveryRow>(db, ['delivery', 'seq'], page, (from, before, limit) => {
    const where = ofPage(before, page).add('d.received_at >= ?', page.since).add('d.received_at < ?', page.until)
    return db.all(
      `SELECT ${DELIVERY_COLUMNS} FROM ${from} d ${DELIVERY_JOINS} WHERE ${where.text} ORDER BY d.seq DESC LIMIT ${limit}`,
      ...where.values,
    )
  })
  return rows.map((row) => ({ ...toDelivery(row), body: new Uint8Array(0), bytes: row.size }))
}

interface LetterRow extends DeliveryRow {
  readonly letter: number
  readonly handler: string
  readonly index: number
  readonly attempts: number
  readonly at: number
  readonly count: number
  readonly redeliveries: number
  readonly run: string | null
  readonly errors: string
  readonly element: Uint8Array
}

export async function listLetters(db: Query, page: Page): Promise<readonly Listings['deadLetters'][]> {
  const rows = await pageOf<LetterRow>(db, ['dead_letter', 'id'], page, (from, before, limit) => {
    const where = ofPage(before, page)
      .add('l.at >= ?', page.since)
      .add('l.at < ?', page.until)
      .add('l.handler = ?', page.handler)
      .add('l.element_index = ?', page.index)
      .add('l.run = ?', page.run)
    return db.all(
      `SELECT ${DELIVERY_COLUMNS}, l.id AS letter, l.handler, l.element_index AS index, l.attempts, l.at, l.size AS count,
         l.redeliveries, l.run, l.errors, l.element
       FROM ${from} l JOIN @delivery d ON d.seq = l.seq ${DELIVERY_JOINS}
       WHERE ${where.text} ORDER BY l.id DESC LIMIT ${limit}`,
      ...where.values,
    )
  })
  return rows.map((row) => {
    const { letter: id, handler, index, attempts, at, count: size, redeliveries, run, errors, element } = row
    const facts = { id, handler, index, attempts, at, size, redeliveries, run, element }
    return { ...facts, errors: JSON.parse(errors), delivery: toDelivery(row) }
  })
}

interface ItemRow {
  readonly id: number
  readonly index: number | null
  readonly at: number
  readonly what: string
  readonly source: string
  readonly delivery_id: string
}

export async function listQuarantine(db: Query, page: Page): Promise<readonly Listings['quarantine'][]> {
  const rows = await pageOf<ItemRow>(db, ['quarantine', 'id'], page, (from, before, limit) => {
    const where = ofPage(before, page)
      .add('q.at >= ?', page.since)
      .add('q.at < ?', page.until)
      .add('q.element_index = ?', page.index)
    return db.all(
      `SELECT q.id, q.element_index AS index, q.at, q.what, d.source, d.id AS delivery_id
       FROM ${from} q JOIN @delivery d ON d.seq = q.seq WHERE ${where.text} ORDER BY q.id DESC LIMIT ${limit}`,
      ...where.values,
    )
  })
  return rows.map(({ id, index, at, what, source, delivery_id: deliveryId }) => {
    const [reason, path, kind] = JSON.parse(what)
    return { id, index, at, reason, path, source, deliveryId, ...(kind && { kind }) }
  })
}
