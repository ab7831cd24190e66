/** Inserts the work rows, dead letters, quarantine and counts of settlements. */
import type { NewDeadLetter, NewQuarantine, NewWorkRow } from '../../../ports/inbox/rows.ts'
import { stateOf } from '../../rules/order.ts'
import type { Session } from '../db/database.ts'
import { STATES } from './states.ts'

type Db = Pick<Session, 'all'>

/**
 * Rows go to the handler under the name that it has now. Those of one without `orderBy` are `waiting`, whatever key they
 * have. One statement reads both and inserts, so it waits for an opening that changes them (`lockWork`).
 */
const insertWork = `
  INSERT INTO @work (id, seq, source, handler, first, last, attempts, due_at, state, order_key, errors, run, only_name, only_unhandled)
  SELECT nextval('@row_id'), t.seq, d.source, h.name, t.first, t.last, t.attempts, t.due_at,
    CASE WHEN o.ordered THEN t.state ELSE 0 END,
    CASE WHEN t.state = 2 THEN NULL ELSE t.order_key END, t.errors, t.run, t.only_name, t.only_unhandled
  FROM unnest($1::int8[], $2::text[], $3::int4[], $4::int4[], $5::int4[], $6::float8[], $7::int2[], $8::int8[], $9::text[],
    $10::text[], $11::text[], $12::bool[]) WITH ORDINALITY
    t(seq, handler, first, last, attempts, due_at, state, order_key, errors, run, only_name, only_unhandled, o)
  JOIN @delivery d ON d.seq = t.seq
  CROSS JOIN LATERAL (SELECT coalesce((SELECT a.name FROM @alias a WHERE a.former = t.handler), t.handler) AS name) h
  CROSS JOIN LATERAL (SELECT coalesce((SELECT n.ordered FROM @handler n WHERE n.name = h.name), false) AS ordered) o
  ORDER BY t.o`

const insertLetters = `
  INSERT INTO @dead_letter (id, seq, handler, element_index, attempts, at, size, run, errors, element)
  SELECT nextval('@row_id'), t.seq, t.handler, t.index, t.attempts, t.at, t.size, t.run, t.errors, substr($10::bytea, t.off + 1, t.len)
  FROM unnest($1::int8[], $2::text[], $3::int4[], $4::int4[], $5::float8[], $6::int4[], $7::text[], $8::text[], $9::int4[], $11::int4[])
    WITH ORDINALITY t(seq, handler, index, attempts, at, size, run, errors, off, len, o)
  ORDER BY t.o`

const insertItems = `
  INSERT INTO @quarantine (id, seq, element_index, at, what)
  SELECT nextval('@row_id'), t.seq, t.index, t.at, t.what
  FROM unnest($1::int8[], $2::int4[], $3::float8[], $4::text[]) WITH ORDINALITY t(seq, index, at, what, o) ORDER BY t.o`

const insertCounts = 'INSERT INTO @counter (kind, name, n) SELECT * FROM unnest($1::text[], $2::text[], $3::int8[])'

const findCancelled = 'SELECT id FROM @run WHERE id = ANY ($1::text[])'

export type NewRow = NewWorkRow & { readonly seq: number }

/** Most rows in one statement. */
const PORTION = 1_000

function* portions<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += PORTION) yield items.slice(at, at + PORTION)
}

/** The state for a handler with `orderBy`: the statement decides whether it has. */
const numberOf = (row: NewWorkRow) => STATES.indexOf(stateOf(row, true))

export async function insertRows(db: Db, rows: readonly NewRow[]): Promise<void> {
  for (const some of portions(rows)) {
    const of = <T>(pick: (row: NewRow) => T) => some.map(pick)
    await db.all(
      insertWork,
      of(({ seq }) => seq),
      of(({ handler }) => handler),
      of(({ first }) => first),
      of(({ last }) => last),
      of(({ attempts }) => attempts),
      of(({ dueAt }) => dueAt),
      of(numberOf),
      of(({ orderKey }) => orderKey ?? null),
      of(({ errors }) => JSON.stringify(errors)),
      of(({ replay }) => replay?.run ?? null),
      of(({ replay }) => (replay?.name == null ? null : JSON.stringify(replay.name))),
      of(({ replay }) => replay?.unhandled ?? false),
    )
  }
}

export async function insertDead(db: Db, letters: ReadonlyArray<NewDeadLetter & { seq: number }>): Promise<void> {
  for (const some of portions(letters)) {
    const of = <T>(pick: (letter: NewDeadLetter & { seq: number }) => T) => some.map(pick)
    let off = 0
    const offsets = some.map(({ element }) => {
      const at = off
      off += element.byteLength
      return at
    })
    await db.all(
      insertLetters,
      of(({ seq }) => seq),
      of(({ handler }) => handler),
      of(({ index }) => index),
      of(({ attempts }) => attempts),
      of(({ at }) => at),
      of(({ size }) => size),
      of(({ run }) => run),
      of(({ errors }) => JSON.stringify(errors)),
      offsets,
      Buffer.concat(of(({ element }) => element)),
      of(({ element }) => element.byteLength),
    )
  }
}

export async function insertQuarantined(db: Db, items: ReadonlyArray<NewQuarantine & { seq: number }>): Promise<void> {
  for (const some of portions(items)) {
    const of = <T>(pick: (item: NewQuarantine & { seq: number }) => T) => some.map(pick)
    await db.all(
      insertItems,
      of(({ seq }) => seq),
      of(({ index }) => index),
      of(({ at }) => at),
      of(({ reason, path, kind }) => JSON.stringify([reason, path, kind ?? null])),
    )
  }
}

/** Appends counts: `stats` adds them up, and upkeep folds them. Names may be any text. */
export async function addCounts(
  db: Db,
  counts: readonly (readonly [kind: string, name: string, n: number])[],
): Promise<void> {
  const some = counts.filter(([, , n]) => n !== 0)
  if (some.length === 0) return
  await db.all(
    insertCounts,
    some.map(([kind]) => kind),
    some.map(([, name]) => JSON.stringify(name)),
    some.map(([, , n]) => n),
  )
}

/** The cancelled ones among the runs. */
export async function cancelledOf(db: Db, runs: readonly (string | null | undefined)[]): Promise<ReadonlySet<string>> {
  const named = [...new Set(runs.filter((run) => typeof run === 'string'))]
  if (named.length === 0) return new Set()
  return new Set((await db.all<{ id: string }>(findCancelled, named)).map(({ id }) => id))
}
