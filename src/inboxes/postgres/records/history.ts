/** What replays are made of, and where one event stands. */
import type { EventProgress, HistoryPage, HistoryRow } from '../../../ports/inbox/records.ts'
import { type StoredRow, toRow } from '../claims/rows.ts'
import type { Session as Db } from '../db/database.ts'
import { hashOfId } from '../log/hashes.ts'

type Query = Pick<Db, 'all'>

/** Deliveries that one statement looks at: some ms, however few of them match, and no snapshot for longer. */
const STRETCH = 2_000

const history = (from: string) => `
  SELECT d.seq, d.id, d.source, d.received_at, s.events, h.names
  FROM (${from}) s JOIN @delivery d ON d.seq = s.seq LEFT JOIN @handler_set h ON h.id = s.set_id
  WHERE NOT EXISTS (SELECT 1 FROM @altered a WHERE a.seq = s.seq AND a.taken)
    AND ($3::text IS NULL OR d.source = $3) AND ($4::float8 IS NULL OR d.received_at >= $4)
    AND ($5::float8 IS NULL OR d.received_at < $5) AND ($6::text IS NULL OR d.id = $6)
  ORDER BY s.seq LIMIT $2`
const readHistory = history(`SELECT * FROM @settled WHERE seq > $1 ORDER BY seq LIMIT ${STRETCH}`)
const readHistoryOf = history(`
  SELECT * FROM @settled WHERE seq > $1 AND seq = ANY (ARRAY(
    SELECT seq FROM @key WHERE hash = $7::uuid UNION ALL SELECT seq FROM @key_other WHERE hash = $7::uuid))`)
const findNext = `SELECT seq FROM @settled WHERE seq > $1 ORDER BY seq OFFSET ${STRETCH - 1} LIMIT 1`

export const findLatest = `
  SELECT max(seq) AS seq FROM (
    SELECT seq FROM @key WHERE hash = $1::uuid UNION ALL SELECT seq FROM @key_other WHERE hash = $1::uuid) k`
const readPlace = `
  SELECT EXISTS (SELECT 1 FROM @settled WHERE seq = $1) AS passed,
    (SELECT names FROM @handler_set WHERE id = coalesce(
      (SELECT set_id FROM @pass WHERE seq = $1), (SELECT set_id FROM @settled WHERE seq = $1))) AS names,
    EXISTS (SELECT 1 FROM @quarantine WHERE seq = $1 AND element_index = $2) AS element,
    EXISTS (SELECT 1 FROM @quarantine WHERE seq = $1 AND element_index IS NULL) AS whole`
const readRowsOver = `
  SELECT id, seq, handler, first, last, attempts, due_at, state, order_key, careful, errors, run, only_name, only_unhandled
  FROM @work WHERE seq = $1 AND first <= $2 AND last >= $2 ORDER BY id`
const readLetters = 'SELECT handler, attempts FROM @dead_letter WHERE seq = $1 AND element_index = $2 ORDER BY id'
const readHandlers = 'SELECT name, seen_at AS "seenAt" FROM @handler ORDER BY name COLLATE "C"'

interface Row extends Pick<HistoryRow, 'seq' | 'id' | 'source' | 'events'> {
  readonly received_at: number
  readonly names: string | null
}

export async function historyOf(db: Query, page: HistoryPage): Promise<readonly HistoryRow[]> {
  return (await rowsOf(db, page)).map(({ seq, id, source: from, received_at: receivedAt, events, names }) => ({
    ...{ seq, id, source: from, receivedAt, events, handlers: namesOf(names) },
  }))
}

async function rowsOf(db: Query, page: HistoryPage): Promise<readonly Row[]> {
  const { limit, source = null, since = null, until = null, deliveryId = null } = page
  const filter = [source, since, until, deliveryId]
  if (deliveryId !== null) return db.all<Row>(readHistoryOf, page.after, limit, ...filter, hashOfId(deliveryId))
  const rows: Row[] = []
  for (let after = page.after; ; ) {
    rows.push(...(await db.all<Row>(readHistory, after, limit - rows.length, ...filter)))
    if (rows.length >= limit) return rows
    const [next] = await db.all<{ seq: number }>(findNext, after)
    if (next === undefined) return rows
    after = next.seq
  }
}

const namesOf = (names: string | null): readonly string[] => (names === null ? [] : JSON.parse(names))

/** The latest delivery of this id; null: there is none. */
export async function latestOf(db: Query, id: string): Promise<number | null> {
  return (await db.all<{ seq: number | null }>(findLatest, hashOfId(id)))[0]?.seq ?? null
}

interface Place {
  readonly passed: boolean
  readonly names: string | null
  readonly element: boolean
  readonly whole: boolean
}

/** Inside a transaction of one snapshot. */
export async function placeOf(db: Query, id: string, index: number): Promise<EventProgress | null> {
  const seq = await latestOf(db, id)
  if (seq === null) return null
  const [place] = await db.all<Place>(readPlace, seq, index)
  const rows = await db.all<StoredRow>(readRowsOver, seq, index)
  const dead = await db.all<{ handler: string; attempts: number }>(readLetters, seq, index)
  return {
    passed: place?.passed ?? false,
    handlers: namesOf(place?.names ?? null),
    rows: rows.map(toRow),
    dead,
    quarantined: place?.element ? 'element' : place?.whole ? 'delivery' : null,
  }
}

export const handlersOf = (db: Query): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>> =>
  db.all(readHandlers)
