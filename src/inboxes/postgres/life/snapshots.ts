/**
 * Finds a transaction that has been open for long: it keeps dead rows in the tables, and every claim steps over them.
 */
import type { Logger } from '../../../types.ts'
import type { Database } from '../db/database.ts'

/** A role without the right to see other sessions finds only its own. */
const findHolder = `
  SELECT a.pid, coalesce(a.state, '') AS state, round(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::int8 AS "ageMs",
    p.n_dead_tup AS "deadRows"
  FROM pg_stat_activity a, pg_stat_user_tables p
  WHERE p.relid = '@pass'::regclass AND p.n_dead_tup >= $2 AND a.backend_xmin IS NOT NULL AND a.pid <> pg_backend_pid()
    AND a.backend_type <> 'autovacuum worker' AND a.xact_start < clock_timestamp() - $1::float8 * interval '1 ms'
  ORDER BY a.xact_start LIMIT 1`

export interface Holder {
  readonly pid: number
  readonly state: string
  readonly ageMs: number
  readonly deadRows: number
}

const WORTH_TELLING = { ageMs: 300_000, deadRows: 100_000 }

/** The session with the oldest transaction, of `ageMs` at least; null: none, or fewer than `deadRows` rows are dead. */
export async function holderOf(db: Database, { ageMs, deadRows } = WORTH_TELLING): Promise<Holder | null> {
  return (await db.all<Holder>(findHolder, ageMs, deadRows))[0] ?? null
}

/** Warns of each session once. */
export class SnapshotWatch {
  readonly #logger: Logger
  #told: number | null = null

  constructor(logger: Logger) {
    this.#logger = logger
  }

  found(holder: Holder | null): void {
    if (holder !== null && holder.pid !== this.#told)
      this.#logger.warn(
        { event: 'inbox.snapshot_held', inbox: 'postgres', ...holder },
        `a transaction of process ${holder.pid} of the server has been open for ${Math.round(holder.ageMs / 60_000)} minutes: ${holder.deadRows} dead rows cannot be removed until it ends`,
      )
    this.#told = holder?.pid ?? null
  }
}
