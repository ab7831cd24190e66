/** Pages of what is stored, newest first. */
import type { Listings, Page } from '../../../ports/inbox/records.ts'
import type { Session as Db } from '../db/database.ts'
import { hashOfId } from '../log/hashes.ts'
import { DELIVERY_COLUMNS, DELIVERY_JOINS, type DeliveryRow, toDelivery } from '../log/read.ts'

type Query = Pick<Db, 'all'>

/** Conditions with their values. */
class Where {
  readonly values: unknown[] = []
  readonly #conditions: string[] = []

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

function ofDelivery(where: Where, { source, deliveryId }: Page): Where {
  return where
    .add('d.source = ?', source)
    .add('d.hash = ?::uuid', deliveryId === undefined ? undefined : hashOfId(deliveryId))
    .add('d.id = ?', deliveryId)
}

export async function listDeliveries(db: Query, page: Page): Promise<readonly Listings['deliveries'][]> {
  const where = ofDelivery(new Where(), page)
    .add('d.seq < ?', page.before)
    .add('d.received_at >= ?', page.since)
    .add('d.received_at < ?', page.until)
  const rows = await db.all<DeliveryRow>(
    `SELECT ${DELIVERY_COLUMNS} FROM @delivery d ${DELIVERY_JOINS} WHERE ${where.text} ORDER BY d.seq DESC LIMIT ${limitOf(page)}`,
    ...where.values,
  )
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
  const where = ofDelivery(new Where(), page)
    .add('l.id < ?', page.before)
    .add('l.at >= ?', page.since)
    .add('l.at < ?', page.until)
    .add('l.handler = ?', page.handler)
    .add('l.element_index = ?', page.index)
    .add('l.run = ?', page.run)
  const rows = await db.all<LetterRow>(
    `SELECT ${DELIVERY_COLUMNS}, l.id AS letter, l.handler, l.element_index AS index, l.attempts, l.at, l.size AS count,
       l.redeliveries, l.run, l.errors, l.element
     FROM @dead_letter l JOIN @delivery d ON d.seq = l.seq ${DELIVERY_JOINS}
     WHERE ${where.text} ORDER BY l.id DESC LIMIT ${limitOf(page)}`,
    ...where.values,
  )
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
  const where = ofDelivery(new Where(), page)
    .add('q.id < ?', page.before)
    .add('q.at >= ?', page.since)
    .add('q.at < ?', page.until)
    .add('q.element_index = ?', page.index)
  const rows = await db.all<ItemRow>(
    `SELECT q.id, q.element_index AS index, q.at, q.what, d.source, d.id AS delivery_id
     FROM @quarantine q JOIN @delivery d ON d.seq = q.seq WHERE ${where.text} ORDER BY q.id DESC LIMIT ${limitOf(page)}`,
    ...where.values,
  )
  return rows.map(({ id, index, at, what, source, delivery_id: deliveryId }) => {
    const [reason, path, kind] = JSON.parse(what)
    return { id, index, at, reason, path, source, deliveryId, ...(kind && { kind }) }
  })
}

const limitOf = ({ limit }: Page): number => Math.max(0, Math.trunc(limit))
