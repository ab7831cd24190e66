import type { StoredStats } from '../../../ports/inbox/records.ts'
import { usedSince } from '../../rules/belonging.ts'
import type { Session as Db } from '../db/database.ts'
import { pausesOf } from '../operate/pauses.ts'

const readStats = `
  SELECT
    (SELECT count(*) FROM @pass) + (SELECT count(DISTINCT seq) FROM @work) AS pending,
    (SELECT coalesce(sum(size), 0)::int8 FROM @pass) AS pending_bytes,
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
/** Of sources that no process asks for. */
const readOrphanedSources = `
  SELECT source AS name, count(*) AS n FROM (SELECT seq, source FROM @pass UNION SELECT seq, source FROM @work) l
  WHERE EXISTS (SELECT 1 FROM @process p WHERE p.until > clock_timestamp() AND p.sources IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM @process p WHERE p.until > clock_timestamp() AND l.source = ANY (p.sources))
  GROUP BY source ORDER BY source COLLATE "C"`

interface Named {
  readonly name: string
  readonly n: number
}

interface StatsRow {
  readonly pending: number
  readonly pending_bytes: number
  readonly oldest: number | null
  readonly dead_letters: number
  readonly quarantined: number
}

export async function readAllStats(db: Pick<Db, 'all'>, own: readonly string[], now: number): Promise<StoredStats> {
  const [row] = await db.all<StatsRow>(readStats)
  if (row === undefined) throw new Error('statistics have one row')
  const counts = await db.all<Named & { readonly kind: string }>(readCounts)
  const sumOf = (kind: string) => counts.reduce((sum, one) => (one.kind === kind ? sum + one.n : sum), 0)
  const byName = (kind: string) =>
    recordOf(counts.filter((one) => one.kind === kind).map(({ name, n }) => ({ name: JSON.parse(name), n })))
  return {
    pending: row.pending,
    pendingBytes: row.pending_bytes,
    oldestPendingAt: row.oldest,
    deadLetters: row.dead_letters,
    quarantined: row.quarantined,
    unhandled: byName('unhandled'),
    cancelled: sumOf('cancelled'),
    expired: sumOf('expired'),
    erased: sumOf('erased'),
    paused: await pausesOf(db),
    orphaned: recordOf(await db.all<Named>(readOrphaned, own, usedSince(now))),
    orphanedSources: recordOf(await db.all<Named>(readOrphanedSources)),
    replays: recordOf(await db.all<Named>(readReplays)),
    duplicateEvents: byName('duplicate'),
  }
}

const recordOf = (rows: readonly Named[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ name, n }) => [name, n]))
