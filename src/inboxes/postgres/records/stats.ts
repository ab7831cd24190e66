import type { StoredStats } from '../../../ports/inbox/records.ts'
import { usedSince } from '../../rules/belonging.ts'
import type { Session as Db } from '../db/database.ts'
import { pausesOf } from '../operate/pauses.ts'

/**
 * `waiting`: of each source how many deliveries wait, and their bytes. One walk over all that waits: a delivery whose first
 * pass has not ended has no rows of work.
 */
const readStats = `
  SELECT
    (SELECT json_agg(json_build_array(source, n, bytes))::text FROM (
      SELECT source, count(*) AS n, sum(size) AS bytes FROM @pass GROUP BY source
      UNION ALL
      SELECT source, count(*), 0 FROM (SELECT DISTINCT seq, source FROM @work) w GROUP BY source) s) AS waiting,
    (SELECT received_at FROM @delivery WHERE seq = least(
      (SELECT min(seq) FROM @pass), (SELECT min(seq) FROM @work WHERE run IS NULL))) AS oldest,
    (SELECT count(*) FROM @dead_letter) AS dead_letters,
    (SELECT count(*) FROM @quarantine) AS quarantined`
const readCounts =
  'SELECT kind, name, sum(n)::int8 AS n FROM @counter GROUP BY kind, name ORDER BY kind, name COLLATE "C"'
/** Of handlers that no process has and that none has had lately. */
const readOrphaned = `
  SELECT w.handler AS name, count(*) AS n FROM @work w
  WHERE w.handler <> ALL ($1::text[])
    AND NOT EXISTS (SELECT 1 FROM @process p WHERE p.until > clock_timestamp() AND w.handler = ANY (p.handlers))
    AND NOT EXISTS (SELECT 1 FROM @handler h WHERE h.name = w.handler AND h.seen_at > $2)
  GROUP BY w.handler ORDER BY w.handler COLLATE "C"`
const readReplays = `
  SELECT run AS name, sum(last - first + 1)::int8 AS n FROM @work WHERE run IS NOT NULL GROUP BY run ORDER BY run COLLATE "C"`
/** Those of these sources that no process asks for. */
const findUnasked = `
  SELECT source FROM unnest($1::text[]) source
  WHERE EXISTS (SELECT 1 FROM @process p WHERE p.until > clock_timestamp() AND p.sources IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM @process p WHERE p.until > clock_timestamp() AND source = ANY (p.sources))
  ORDER BY source COLLATE "C"`

interface Named {
  readonly name: string
  readonly n: number
}

interface StatsRow {
  readonly waiting: string | null
  readonly oldest: number | null
  readonly dead_letters: number
  readonly quarantined: number
}

export async function readAllStats(db: Pick<Db, 'all'>, own: readonly string[], now: number): Promise<StoredStats> {
  const [row] = await db.all<StatsRow>(readStats)
  if (row === undefined) throw new Error('statistics have one row')
  const waiting = waitingOf(row.waiting)
  const counts = await db.all<Named & { readonly kind: string }>(readCounts)
  const sumOf = (kind: string) => counts.reduce((sum, one) => (one.kind === kind ? sum + one.n : sum), 0)
  const byName = (kind: string) =>
    recordOf(counts.filter((one) => one.kind === kind).map(({ name, n }) => ({ name: JSON.parse(name), n })))
  return {
    pending: waiting.pending,
    pendingBytes: waiting.bytes,
    oldestPendingAt: row.oldest,
    deadLetters: row.dead_letters,
    quarantined: row.quarantined,
    unhandled: byName('unhandled'),
    cancelled: sumOf('cancelled'),
    expired: sumOf('expired'),
    erased: sumOf('erased'),
    paused: await pausesOf(db),
    orphaned: recordOf(await db.all<Named>(readOrphaned, own, usedSince(now))),
    orphanedSources: await orphanedOf(db, waiting.bySource),
    replays: recordOf(await db.all<Named>(readReplays)),
    duplicateEvents: byName('duplicate'),
  }
}

interface WaitingCounts {
  readonly pending: number
  readonly bytes: number
  readonly bySource: ReadonlyMap<string, number>
}

function waitingOf(text: string | null): WaitingCounts {
  const parts: readonly (readonly [source: string, n: number, bytes: number])[] = text === null ? [] : JSON.parse(text)
  const bySource = new Map<string, number>()
  let [pending, bytes] = [0, 0]
  for (const [source, n, size] of parts) {
    bySource.set(source, (bySource.get(source) ?? 0) + n)
    pending += n
    bytes += size
  }
  return { pending, bytes, bySource }
}

async function orphanedOf(db: Pick<Db, 'all'>, bySource: WaitingCounts['bySource']): Promise<Record<string, number>> {
  if (bySource.size === 0) return {}
  const found = await db.all<{ source: string }>(findUnasked, [...bySource.keys()])
  return recordOf(found.map(({ source }) => ({ name: source, n: bySource.get(source) ?? 0 })))
}

const recordOf = (rows: readonly Named[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ name, n }) => [name, n]))
