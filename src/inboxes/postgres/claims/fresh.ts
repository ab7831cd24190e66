/** Claims first passes that are free, in the order of the log. */
import type { ClaimRequest } from '../../../ports/inbox/claims.ts'
import type { Session } from '../db/database.ts'
import { lockAlive } from '../life/process.ts'

/**
 * Free rows of the asked sources. Written so that the planner expects nearly every row to match, whatever its
 * statistics say: where it expects few, each claim reads and sorts all waiting rows, instead of the first ones by the
 * key. It would do so on a table that was never analysed, or was analysed while all of it was under claim.
 */
const isFree = (sources: string) => `num_nulls(owner) <> 0 AND array_position(${sources}::text[], source) IS NOT NULL`

/**
 * Claims nothing where the process is dead, or the stored handlers have changed since the survey. Skips rows that other
 * processes are claiming. `fit`: as many as the bytes allow, the first whatever its size.
 */
const claimFresh = `
  WITH alive AS (${lockAlive}),
  seen AS MATERIALIZED (
    SELECT seq, size FROM @pass
    WHERE ${isFree('$2')} AND NOT careful AND seq >= $3 AND EXISTS (SELECT 1 FROM alive)
      AND (SELECT handlers_changed FROM @control) = $7
    ORDER BY seq LIMIT $4 FOR UPDATE SKIP LOCKED),
  summed AS (SELECT seq, size, sum(size) OVER (ORDER BY seq) AS total, row_number() OVER (ORDER BY seq) AS n FROM seen),
  fit AS (SELECT seq FROM summed WHERE n = 1 OR total <= $5)
  UPDATE @pass SET owner = $1::int8, set_id = coalesce(set_id, $6) WHERE seq = ANY (ARRAY(SELECT seq FROM fit))
  RETURNING seq, set_id, size`

const findFresh = `
  SELECT seq, size FROM @pass
  WHERE ${isFree('$1')} AND NOT careful AND seq >= $2
  ORDER BY seq LIMIT $3 FOR UPDATE SKIP LOCKED`

const findSuspects = `
  SELECT p.seq, p.size, (SELECT 1 FROM @death d WHERE d.seq = p.seq LIMIT 1) IS NOT NULL AS dead
  FROM @pass p WHERE p.careful AND p.owner IS NULL AND p.source = ANY ($1::text[])
  ORDER BY p.seq LIMIT $2 FOR UPDATE OF p SKIP LOCKED`

const findOne = `
  SELECT seq, size, careful, owner IS NULL AND source = ANY ($2::text[]) AS free FROM @pass WHERE seq = $1 FOR UPDATE SKIP LOCKED`
const hasPass = 'SELECT 1 AS one FROM @pass WHERE seq = $1'

const takeThese = `
  UPDATE @pass SET owner = $1::int8, set_id = coalesce(set_id, $3)
  WHERE seq = ANY ($2::int8[]) AND owner IS NULL RETURNING seq, set_id, size`

export interface Taken {
  readonly seq: number
  readonly set_id: number
  readonly size: number
}

export interface Fresh {
  readonly seq: number
  readonly size: number
}

export interface FreshLimits {
  readonly sources: readonly string[]
  readonly low: number
  readonly maxDeliveries: number
  readonly maxBytes: number
}

type Db = Pick<Session, 'all'>

export async function takeFresh(
  db: Db,
  owner: string,
  limits: FreshLimits,
  setId: number,
  changed: number,
): Promise<readonly Taken[]> {
  const { sources, low, maxDeliveries, maxBytes } = limits
  const taken = await db.all<Taken>(claimFresh, owner, sources, low, maxDeliveries, maxBytes, setId, changed)
  return [...taken].sort((a, b) => a.seq - b.seq)
}

export const freshOf = (db: Db, { sources, low, maxDeliveries }: FreshLimits): Promise<readonly Fresh[]> =>
  db.all<Fresh>(findFresh, sources, low, maxDeliveries)

export const suspectsOf = (
  db: Db,
  sources: readonly string[],
  limit: number,
): Promise<ReadonlyArray<Fresh & { readonly dead: boolean }>> => db.all(findSuspects, sources, limit)

export interface OnePass extends Fresh {
  readonly careful: boolean
  readonly free: boolean
}

/** null: it has passed, or is not stored; 'busy': a process holds it, or its source was not asked for. */
export async function passOf(db: Db, seq: number, sources: readonly string[]): Promise<OnePass | 'busy' | null> {
  const [pass] = await db.all<OnePass>(findOne, seq, sources)
  if (pass !== undefined) return pass.free ? pass : 'busy'
  return (await db.all(hasPass, seq)).length > 0 ? 'busy' : null
}

export const take = (db: Db, owner: string, seqs: readonly number[], setId: number): Promise<readonly Taken[]> =>
  db.all<Taken>(takeThese, owner, seqs, setId)

/** Reads some of the waiting deliveries, the oldest first. */
const findUnknown = `
  SELECT DISTINCT source FROM (
    SELECT source FROM (SELECT source, owner FROM @pass ORDER BY seq LIMIT 1000) p WHERE owner IS NULL
    UNION ALL SELECT source FROM (SELECT source, handler FROM @work ORDER BY seq LIMIT 1000) w WHERE handler = ANY ($2::text[])) s
  WHERE source <> ALL ($1::text[]) ORDER BY source`

/** Sources of waiting deliveries that were not asked for. */
export const unknownOf = async (db: Db, { sources, handlers }: Asked): Promise<readonly string[]> =>
  (await db.all<{ source: string }>(findUnknown, sources, handlers)).map(({ source }) => source)

type Asked = Pick<ClaimRequest, 'sources' | 'handlers'>
