/** Replays: their work rows made and taken back; and work of handlers that are gone. */
import { PosthornError } from '../../../errors.ts'
import type { ReplayRow } from '../../../ports/inbox/operations.ts'
import type { ReplayMark } from '../../../ports/inbox/rows.ts'
import { DROPPED_AT } from '../../rules/dropped.ts'
import { eventsIn } from '../../rules/ranges.ts'
import { addCounts, insertRows } from '../claims/write.ts'
import type { Session as Db } from '../db/database.ts'
import { restoreAll } from './letters.ts'

const isCancelled = 'SELECT 1 AS one FROM @run WHERE id = $1'
/** First passes that have ended, with bytes or with dead letters that can give some back. */
const findWithElements = `
  SELECT s.seq FROM @settled s WHERE s.seq = ANY ($1::int8[]) AND (
    NOT EXISTS (SELECT 1 FROM @altered a WHERE a.seq = s.seq AND a.taken)
    OR EXISTS (SELECT 1 FROM @dead_letter l WHERE l.seq = s.seq))`
const findAlias = 'SELECT name FROM @alias WHERE former = $1'
const noteCancelled = 'INSERT INTO @run (id) VALUES ($1) ON CONFLICT DO NOTHING'
const takeRows = `
  DELETE FROM @work WHERE id IN (
    SELECT w.id FROM @work w
    WHERE w.run = $1 AND NOT EXISTS (SELECT 1 FROM @held h WHERE h.seq = w.seq AND w.id = ANY (h.rows))
    ORDER BY w.id LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING id, seq, first, last`
const endProgress = 'DELETE FROM @progress WHERE seq = ANY ($1::int8[]) AND work_id = ANY ($2::int8[])'
const findCancelledRuns = 'SELECT DISTINCT w.run FROM @work w JOIN @run r ON r.id = w.run WHERE w.run IS NOT NULL'

const isInUse = `
  SELECT 1 AS one FROM @process WHERE until > clock_timestamp() AND $1 = ANY (handlers) LIMIT 1`
const countWork = 'SELECT coalesce(sum(last - first + 1), 0)::int8 AS n FROM @work WHERE handler = $1'
const takeWork = `
  DELETE FROM @work WHERE id IN (SELECT id FROM @work WHERE handler = $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING id, seq, first, last`
const noteDropped = 'UPDATE @handler SET seen_at = $2 WHERE name = $1'
const noteChange = 'UPDATE @control SET handlers_changed = handlers_changed + 1'

interface Range {
  readonly id: number
  readonly seq: number
  readonly first: number
  readonly last: number
}

/** Answers the number of rows made. */
export async function replay(tx: Db, mark: ReplayMark, rows: readonly ReplayRow[], now: number): Promise<number> {
  // Who cancels at the same moment waits, and finds the rows.
  await tx.all('SELECT pg_advisory_xact_lock_shared(hashtext($1))', `posthorn-run:${mark.run}`)
  if ((await tx.all(isCancelled, mark.run)).length > 0)
    throw new PosthornError('ERR_REPLAY_CANCELLED', `The replay ${mark.run} was cancelled.`)
  const seqs = [...new Set(rows.map(({ seq }) => seq))]
  const found = new Set((await tx.all<{ seq: number }>(findWithElements, seqs)).map(({ seq }) => seq))
  await restoreAll(tx, [...found])
  const names = await namesOf(
    tx,
    rows.map(({ handler }) => handler),
  )
  const made = rows.filter(({ seq }) => found.has(seq))
  await insertRows(
    tx,
    made.map((row) => ({
      ...row,
      handler: names.get(row.handler) ?? row.handler,
      ...{ attempts: 0, dueAt: now, errors: [], replay: mark, orderKey: null },
    })),
  )
  return made.length
}

/** The names that handlers have now. */
export async function namesOf(tx: Db, handlers: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const former of new Set(handlers)) {
    const [alias] = await tx.all<{ name: string }>(findAlias, former)
    if (alias !== undefined) names.set(former, alias.name)
  }
  return names
}

/** Answers the number of events in the rows taken. */
export async function cancel(tx: Db, run: string, limit: number): Promise<number> {
  await tx.all('SELECT pg_advisory_xact_lock(hashtext($1))', `posthorn-run:${run}`)
  await tx.all(noteCancelled, run)
  const taken = await tx.all<Range>(takeRows, run, Math.min(limit, 1_000_000))
  await endProgressOf(tx, taken)
  return eventsIn(taken)
}

/** What was under claim when a replay was cancelled, and was given back, is not taken up again. */
export async function sweepCancelled(tx: Db): Promise<void> {
  for (const { run } of await tx.all<{ run: string }>(findCancelledRuns))
    await cancel(tx, run, Number.POSITIVE_INFINITY)
}

/** Answers the number of events in the rows ended; what is done for a handler that a process has goes on. */
export async function endWork(
  tx: Db,
  name: string,
  own: readonly string[],
  limit: number,
  dryRun: boolean,
): Promise<number> {
  const handler = (await namesOf(tx, [name])).get(name) ?? name
  if (own.includes(handler) || (await tx.all(isInUse, handler)).length > 0) return 0
  if (dryRun) return (await tx.all<{ n: number }>(countWork, handler))[0]?.n ?? 0
  const ended = await tx.all<Range>(takeWork, handler, Math.min(limit, 1_000_000))
  await endProgressOf(tx, ended)
  await addCounts(tx, [['cancelled', '', eventsIn(ended)]])
  await tx.all(noteDropped, handler, DROPPED_AT)
  await tx.all(noteChange)
  return eventsIn(ended)
}

async function endProgressOf(tx: Db, rows: readonly Range[]): Promise<void> {
  if (rows.length > 0)
    await tx.all(
      endProgress,
      rows.map(({ seq }) => seq),
      rows.map(({ id }) => id),
    )
}
