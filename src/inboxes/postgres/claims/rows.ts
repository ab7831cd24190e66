/** Work rows: which may be claimed, and claiming them. */
import type { InOrder } from '../../../ports/inbox/claims.ts'
import type { WorkRow } from '../../../ports/inbox/rows.ts'
import {
  claimable,
  type Due as DueInOrder,
  isDueIn,
  limitOf,
  type RowState,
  type Stop,
  stopAt,
  type Unread,
} from '../../rules/order.ts'
import type { Session } from '../db/database.ts'
import type { Due } from './survey.ts'

type Db = Pick<Session, 'all'>

/** More unread rows of a handler than these are looked at later: those before them are claimed first. */
const MOST_UNREAD = 2_000

const findUnread = `
  SELECT w.seq, w.due_at, w.careful, coalesce(w.id = ANY (h.rows), false) AS claimed, h.seq IS NOT NULL AS held
  FROM @work w LEFT JOIN @held h ON h.seq = w.seq
  WHERE w.handler = $1 AND w.state = 2 ORDER BY w.seq, w.first LIMIT $2`
const findDue = `
  SELECT w.seq, w.due_at, w.order_key IS NOT NULL AS has_key FROM @work w
  WHERE w.handler = $1 AND w.state = 0 AND w.due_at <= $2 AND NOT w.careful
    AND NOT EXISTS (SELECT 1 FROM @held h WHERE h.seq = w.seq)
  ORDER BY w.due_at, w.seq LIMIT $3`
const hasReturned = 'SELECT 1 AS one FROM @pass WHERE set_id IS NOT NULL AND owner IS NULL LIMIT 1'
const readSizes = 'SELECT seq, size FROM @delivery WHERE seq = ANY ($1::int8[]) AND source = ANY ($2::text[])'
const findCareful = `
  SELECT w.seq, w.handler, w.due_at, w.state, w.order_key, w.run FROM @work w
  WHERE w.careful AND w.handler = ANY ($1::text[]) AND w.source = ANY ($2::text[]) AND (w.state = 2 OR w.state = 0 AND w.due_at <= $3)
  ORDER BY w.seq`

const hold = `
  INSERT INTO @held (seq, owner, rows) SELECT seq, $1::int8, '{}' FROM unnest($2::int8[]) t(seq) ORDER BY seq
  ON CONFLICT (seq) DO NOTHING RETURNING seq`
const letGo = 'DELETE FROM @held WHERE owner = $1::int8 AND seq = ANY ($2::int8[])'
const noteRows = `
  UPDATE @held h SET rows = t.rows::int8[] FROM unnest($2::int8[], $3::text[]) t(seq, rows)
  WHERE h.seq = t.seq AND h.owner = $1::int8`
/** The lock looks at the newest version: rows that another has settled since are not worked on twice. */
const readRows = `
  SELECT id, seq, handler, first, last, attempts, due_at, state, order_key, careful, errors, run, only_name, only_unhandled
  FROM @work WHERE seq = ANY ($1::int8[]) AND handler = ANY ($2::text[]) ORDER BY first, id FOR UPDATE`

/** A stored row. */
export interface StoredRow {
  readonly id: number
  readonly seq: number
  readonly handler: string
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly due_at: number
  readonly state: number
  readonly order_key: number | null
  readonly careful: boolean
  readonly errors: string
  readonly run: string | null
  readonly only_name: string | null
  readonly only_unhandled: boolean
}

/** As they are numbered. */
const STATES: readonly RowState[] = ['waiting', 'parked', 'unread']
const PARKED = 1
const UNREAD = 2

export function toRow(row: StoredRow): WorkRow {
  const { id, handler, first, last, attempts, due_at: dueAt, state, order_key: key, errors, run } = row
  return {
    ...{ id, handler, first, last, attempts, dueAt, errors: JSON.parse(errors) },
    replay: run === null ? null : { run, name: nameOf(row.only_name), unhandled: row.only_unhandled },
    orderKey: state === UNREAD ? undefined : key,
    ...(state === PARKED && { parked: true }),
  }
}

const nameOf = (text: string | null): string | null => (text === null ? null : JSON.parse(text))

/** Whether it may be claimed by its own state. */
export const isDue = ({ state, due_at }: Pick<StoredRow, 'state' | 'due_at'>, now: number): boolean =>
  isDueIn(STATES[state] ?? 'waiting', due_at, now)

interface UnreadRow {
  readonly seq: number
  readonly due_at: number
  readonly careful: boolean
  readonly claimed: boolean
  readonly held: boolean
}

/** The rows of an ordered handler as they are now. */
export interface Line {
  readonly order: InOrder
  readonly below: number
  readonly unread: readonly Unread[]
  readonly due: readonly DueInOrder[]
  readonly held: ReadonlySet<number>
}

/** First passes were given back and wait. */
export const areReturned = async (db: Db): Promise<boolean> => (await db.all(hasReturned)).length > 0

export async function linesOf(db: Db, ordered: readonly InOrder[], now: number, limit: number): Promise<Line[]> {
  if (ordered.length === 0) return []
  const isReturned = await areReturned(db)
  const lines: Line[] = []
  for (const order of ordered) {
    const unread = await db.all<UnreadRow>(findUnread, order.handler, MOST_UNREAD)
    const due = await db.all<{ seq: number; due_at: number; has_key: boolean }>(findDue, order.handler, now, limit)
    lines.push({
      ...{ order, below: limitOf(order, isReturned) },
      unread: unread.map(toUnread),
      due: due.map(({ seq, due_at: dueAt, has_key: hasKey }) => ({ seq, dueAt, hasKey })),
      held: new Set(unread.filter(({ held }) => held).map(({ seq }) => seq)),
    })
  }
  return lines
}

const toUnread = ({ seq, due_at: dueAt, claimed, careful }: UnreadRow): Unread => ({
  ...{ seq, dueAt, isClaimed: claimed, isCareful: careful },
})

/** Deliveries with rows of ordered handlers that may be claimed now, with when the first of them is due. */
export async function dueInOrder(db: Db, lines: readonly Line[], sources: readonly string[]): Promise<Due[]> {
  const dueAt = new Map<number, number>()
  for (const { unread, due, below, held } of lines)
    for (const row of claimable(unread, due, below, (seq) => held.has(seq)))
      dueAt.set(row.seq, Math.min(row.dueAt, dueAt.get(row.seq) ?? row.dueAt))
  if (dueAt.size === 0) return []
  const sizes = await db.all<{ seq: number; size: number }>(readSizes, [...dueAt.keys()], sources)
  return sizes.map(({ seq, size }) => ({ seq, dueAt: dueAt.get(seq) ?? 0, bytes: size }))
}

/** Where each ordered handler stops. */
export function stopsOf(lines: readonly Line[], isPicked: (one: Unread) => boolean): Map<string, Stop> {
  return new Map(lines.map(({ order, unread, below }) => [order.handler, stopAt(unread, below, isPicked)]))
}

export interface CarefulRow {
  readonly seq: number
  readonly handler: string
  readonly order_key: number | null
  readonly state: number
  readonly run: string | null
}

/** Rows that were under claim when a process died, and whose time has come. */
export const carefulRows = (
  db: Db,
  handlers: readonly string[],
  sources: readonly string[],
  now: number,
): Promise<readonly CarefulRow[]> => db.all(findCareful, handlers, sources, now)

/** The key as `rules/order.ts` asks for it. */
export const keyOf = ({ state, order_key }: Pick<StoredRow, 'state' | 'order_key'>): number | null | undefined =>
  state === UNREAD ? undefined : order_key

/** Answers those that nobody else has. */
export async function holdAll(db: Db, owner: string, seqs: readonly number[]): Promise<ReadonlySet<number>> {
  if (seqs.length === 0) return new Set()
  return new Set((await db.all<{ seq: number }>(hold, owner, seqs)).map(({ seq }) => seq))
}

export const rowsOf = (db: Db, seqs: readonly number[], handlers: readonly string[]): Promise<readonly StoredRow[]> =>
  db.all(readRows, seqs, handlers)

/** Notes which rows are under claim, so that who reaps them knows; deliveries without any are let go. */
export async function noteHeld(db: Db, owner: string, rows: ReadonlyMap<number, readonly number[]>): Promise<void> {
  const full = [...rows].filter(([, ids]) => ids.length > 0)
  const empty = [...rows].filter(([, ids]) => ids.length === 0).map(([seq]) => seq)
  if (empty.length > 0) await db.all(letGo, owner, empty)
  if (full.length === 0) return
  const ids = full.map(([, own]) => `{${own.join(',')}}`)
  await db.all(
    noteRows,
    owner,
    full.map(([seq]) => seq),
    ids,
  )
}
