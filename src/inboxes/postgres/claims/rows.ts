/** Work rows: finds those that may be claimed, and claims them. */
import type { ClaimRequest, OrderedHandler } from '../../../ports/inbox/claims.ts'
import type { WorkRow } from '../../../ports/inbox/rows.ts'
import { claimable, type Due as DueInOrder, isDueIn, type Stop, stopAt, type Unread } from '../../rules/order.ts'
import type { Session } from '../db/database.ts'
import { PARKED, STATES, UNREAD } from './states.ts'
import type { Due } from './survey.ts'

type Db = Pick<Session, 'all'>

/** Most unread, unclaimed rows of a handler that one claim reads; later rows are left to later claims. */
const MOST_UNREAD = 2_000

const findUnread = `
  SELECT w.seq, w.due_at, w.careful, h.seq IS NOT NULL AS held
  FROM @work w LEFT JOIN @held h ON h.seq = w.seq
  WHERE w.handler = $1 AND w.source = ANY ($2::text[]) AND w.state = 2 AND NOT coalesce(w.id = ANY (h.rows), false)
  ORDER BY w.seq, w.first LIMIT $3`
const findDue = `
  SELECT w.seq, w.due_at, w.order_key IS NOT NULL AS has_key FROM @work w
  WHERE w.handler = $1 AND w.source = ANY ($2::text[]) AND w.state = 0 AND w.due_at <= $3 AND NOT w.careful
    AND NOT EXISTS (SELECT 1 FROM @held h WHERE h.seq = w.seq)
  ORDER BY w.due_at, w.seq LIMIT $4`
/** First passes are begun in order, at most 256 by a process: begun ones are among so many that have not ended. */
const MOST_BEFORE = 1_000

/** `array_position`: see `fresh.ts`. */
const isOther = 'array_position($1::text[], source) IS NOT NULL AND seq <> ALL ($2::int8[])'
const findOther = `SELECT seq FROM @pass WHERE ${isOther} ORDER BY seq LIMIT 1`
/** One statement, one snapshot: it sees either a first pass as not ended, or the unread rows that the pass has left. */
const readBounds = `
  SELECT h.name, (${findOther}) AS pass,
    (SELECT min(seq) FROM (SELECT seq, set_id FROM @pass WHERE ${isOther} AND seq <= h.latest ORDER BY seq LIMIT ${MOST_BEFORE}) p
      WHERE set_id IS NOT NULL) AS begun,
    (SELECT w.seq FROM @work w WHERE w.handler = h.name AND w.state = 2 AND w.source = ANY ($1::text[])
      AND NOT EXISTS (SELECT 1 FROM @held x WHERE x.seq = w.seq AND w.id = ANY (x.rows)) ORDER BY w.seq, w.first LIMIT 1) AS unread
  FROM unnest($3::text[], $4::int8[]) h(name, latest)`
/** The subquery hides the length of the list from the planner: for a long one it would read the whole table. */
const readSizes = 'SELECT seq, size FROM @delivery WHERE seq = ANY (ARRAY(SELECT unnest($1::int8[])))'
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
/** The lock reads the newest version: rows that another process has settled since are not claimed again. */
const readRows = `
  SELECT id, seq, handler, first, last, attempts, due_at, state, order_key, careful, errors, run, only_name, only_unhandled
  FROM @work WHERE seq = ANY ($1::int8[]) AND handler = ANY ($2::text[]) AND source = ANY ($3::text[])
  ORDER BY first, id FOR UPDATE`

/** A work row as it is stored. */
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

/** Whether the state of the row lets it be claimed. */
export const isDue = ({ state, due_at }: Pick<StoredRow, 'state' | 'due_at'>, now: number): boolean =>
  isDueIn(STATES[state] ?? 'waiting', due_at, now)

interface UnreadRow {
  readonly seq: number
  readonly due_at: number
  readonly careful: boolean
  /** Its delivery is under claim for other rows. */
  readonly held: boolean
}

interface DueRow {
  readonly seq: number
  readonly due_at: number
  readonly has_key: boolean
}

/** The rows of an ordered handler, as read for this claim. */
export interface Line {
  readonly order: OrderedHandler
  readonly unread: readonly Unread[]
  /** `seq` of the last unread row that was read, where there may be more; null: there are no more. */
  readonly moreFrom: number | null
  readonly due: readonly DueInOrder[]
  readonly held: ReadonlySet<number>
}

const NONE = Number.POSITIVE_INFINITY

/** `seq` of the first delivery that has not passed and is not in `but`; Infinity: there is none. */
export const firstOther = async (db: Db, sources: readonly string[], but: readonly number[]): Promise<number> =>
  (await db.all<{ seq: number }>(findOther, sources, but))[0]?.seq ?? NONE

/**
 * For one handler, the first `seq` of each kind that may have events before other deliveries; Infinity: there is none.
 */
export interface Bounds {
  /** A first pass that may leave unread rows: this process does not hold it, or holds it with the handler apart. */
  readonly pass: number
  /** Such a first pass that a process has begun; of other processes, up to `latest` of the handler. */
  readonly begun: number
  /** An unread row that is not under claim. */
  readonly unread: number
}

interface BoundsRow {
  readonly name: string
  readonly pass: number | null
  readonly begun: number | null
  readonly unread: number | null
}

/** The first passes that this process holds. */
export interface OwnPasses {
  readonly passes: readonly number[]
  /** The first one that leaves events of the handler as unread rows; Infinity: none does. */
  firstApart(handler: string): number
}

/**
 * `latest`: by handler, the last delivery it has begun to read. A pass of `own` may be settled before the database has
 * answered, and the answer lacks the rows that it left: so `own` is read before.
 */
export async function boundsOf(
  db: Db,
  sources: readonly string[],
  own: OwnPasses,
  latest: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, Bounds>> {
  if (latest.size === 0) return new Map()
  const apart = new Map([...latest.keys()].map((name) => [name, own.firstApart(name)]))
  const rows = await db.all<BoundsRow>(readBounds, sources, own.passes, [...latest.keys()], [...latest.values()])
  const bounds = ({ name, pass, begun, unread }: BoundsRow): Bounds => {
    const first = apart.get(name) ?? NONE
    return { pass: Math.min(pass ?? NONE, first), begun: Math.min(begun ?? NONE, first), unread: unread ?? NONE }
  }
  return new Map(rows.map((row) => [row.name, bounds(row)]))
}

/** The lines of the handlers, with rows of deliveries of these sources only. */
export async function linesOf(
  db: Db,
  ordered: readonly OrderedHandler[],
  sources: readonly string[],
  now: number,
  limit: number,
): Promise<Line[]> {
  const lines: Line[] = []
  for (const order of ordered) {
    const unread = await db.all<UnreadRow>(findUnread, order.handler, sources, MOST_UNREAD)
    const due = await db.all<DueRow>(findDue, order.handler, sources, now, limit)
    lines.push({
      order,
      unread: unread.map(toUnread),
      moreFrom: unread.length < MOST_UNREAD ? null : (unread.at(-1)?.seq ?? null),
      due: due.map(({ seq, due_at: dueAt, has_key: hasKey }) => ({ seq, dueAt, hasKey })),
      held: new Set(unread.filter(({ held }) => held).map(({ seq }) => seq)),
    })
  }
  return lines
}

const toUnread = ({ seq, due_at: dueAt, careful }: UnreadRow): Unread => ({
  ...{ seq, dueAt, isClaimed: false, isCareful: careful },
})

/** Deliveries with rows of ordered handlers that may be claimed now, each with the due time of its first row. */
export async function dueInOrder(db: Db, lines: readonly Line[]): Promise<Due[]> {
  const dueAt = new Map<number, number>()
  for (const { unread, due, order, held } of lines)
    for (const row of claimable(unread, due, order.claimBefore, (seq) => held.has(seq)))
      dueAt.set(row.seq, Math.min(row.dueAt, dueAt.get(row.seq) ?? row.dueAt))
  if (dueAt.size === 0) return []
  const sizes = await db.all<{ seq: number; size: number }>(readSizes, [...dueAt.keys()])
  return sizes.map(({ seq, size }) => ({ seq, dueAt: dueAt.get(seq) ?? 0, bytes: size }))
}

/** Where each ordered handler stops. */
export function stopsOf(
  lines: readonly Line[],
  isPicked: (one: Unread, handler: string) => boolean,
): Map<string, Stop> {
  return new Map(lines.map((line) => [line.order.handler, stopOf(line, (row) => isPicked(row, line.order.handler))]))
}

function stopOf({ unread, moreFrom, order }: Line, isPicked: (one: Unread) => boolean): Stop {
  const stop = stopAt(unread, order.claimBefore, isPicked)
  return moreFrom === null || stop.isUnread ? stop : { last: Math.min(stop.last, moreFrom), isUnread: true }
}

export interface CarefulRow {
  readonly seq: number
  readonly handler: string
  readonly order_key: number | null
  readonly state: number
  readonly run: string | null
}

/** Suspect rows that are due. */
export const carefulRows = (
  db: Db,
  handlers: readonly string[],
  sources: readonly string[],
  now: number,
): Promise<readonly CarefulRow[]> => db.all(findCareful, handlers, sources, now)

/** The order key of the row as `NewWorkRow.orderKey`: undefined where it is unread. */
export const keyOf = ({ state, order_key }: Pick<StoredRow, 'state' | 'order_key'>): number | null | undefined =>
  state === UNREAD ? undefined : order_key

/** Holds the deliveries for this process; returns those that no other process holds. */
export async function holdAll(db: Db, owner: string, seqs: readonly number[]): Promise<ReadonlySet<number>> {
  if (seqs.length === 0) return new Set()
  return new Set((await db.all<{ seq: number }>(hold, owner, seqs)).map(({ seq }) => seq))
}

export const rowsOf = (
  db: Db,
  seqs: readonly number[],
  { handlers, sources }: Pick<ClaimRequest, 'handlers' | 'sources'>,
): Promise<readonly StoredRow[]> => db.all(readRows, seqs, handlers, sources)

/** Notes which rows are under claim, for the process that reaps this one; releases deliveries without claimed rows. */
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
