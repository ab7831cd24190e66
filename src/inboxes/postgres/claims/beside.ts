/** Reads what a claim has beside its delivery and rows: deaths, quarantine, saved progress, handlers. */
import type { Claim, Death } from '../../../ports/inbox/claims.ts'
import type { Progress } from '../../../ports/inbox/progress.ts'
import { progressOf, type Reached } from '../../rules/progress.ts'
import type { Session } from '../db/database.ts'

const readBeside = `
  SELECT
    (SELECT json_agg(json_build_array(seq, element_index, handler, times) ORDER BY element_index, handler COLLATE "C")::text
     FROM @death WHERE seq = ANY ($1::int8[])) AS deaths,
    (SELECT json_agg(DISTINCT jsonb_build_array(seq, element_index))::text FROM @quarantine WHERE seq = ANY ($2::int8[])) AS quarantined,
    (SELECT json_agg(json_build_array(seq, work_id, part, reached, ends) ORDER BY seq, work_id, part)::text
     FROM @progress WHERE seq = ANY ($1::int8[])) AS progress,
    (SELECT json_agg(json_build_array(seq, set_id))::text FROM @settled WHERE seq = ANY ($2::int8[])) AS settled,
    (SELECT json_agg(json_build_array(id, names))::text FROM @handler_set
     WHERE id = ANY ($3::int4[]) OR id IN (SELECT set_id FROM @settled WHERE seq = ANY ($2::int8[]))) AS sets`

interface BesideRow {
  readonly deaths: string | null
  readonly quarantined: string | null
  readonly progress: string | null
  readonly settled: string | null
  readonly sets: string | null
}

type ProgressRow = readonly [seq: number, workId: number, part: number, reached: string, ends: string | null]

export interface Beside {
  deaths(seq: number): readonly Death[]
  quarantined(seq: number): Claim['quarantined']
  /** The saved progress of the first pass (`rows` null), or of these rows. */
  progress(seq: number, rows: readonly number[] | null): readonly Progress[]
  /** The handlers of the set; `setId` null: those that the passed delivery belongs to. */
  handlers(seq: number, setId: number | null): readonly string[]
}

/** `seqs`: the deliveries of all claims; `withRows`: those claimed for work rows. */
export async function readBesideOf(
  db: Pick<Session, 'all'>,
  seqs: readonly number[],
  withRows: readonly number[],
  setIds: readonly number[],
  now: number,
): Promise<Beside> {
  const [row] = await db.all<BesideRow>(readBeside, seqs, withRows, setIds)
  const deaths = listOf<readonly [number, number, string, number]>(row?.deaths)
  const quarantined = listOf<readonly [number, number | null]>(row?.quarantined)
  const progress = listOf<ProgressRow>(row?.progress)
  const sets = new Map(listOf<readonly [number, string]>(row?.sets).map(([id, names]) => [id, JSON.parse(names)]))
  const settled = new Map(listOf<readonly [number, number | null]>(row?.settled))
  return {
    deaths: (seq) =>
      deaths.filter(([of]) => of === seq).map(([, index, handler, times]) => ({ index, handler, times })),
    quarantined: (seq) =>
      quarantined
        .filter(([of]) => of === seq)
        .map(([, index]) => index)
        .sort((a, b) => (a ?? -1) - (b ?? -1)),
    progress: (seq, rows) =>
      progressOfClaim(
        progress.filter(([of]) => of === seq),
        rows,
        now,
      ),
    handlers: (seq, setId) => sets.get(setId ?? settled.get(seq) ?? 0) ?? [],
  }
}

function progressOfClaim(kept: readonly ProgressRow[], rows: readonly number[] | null, now: number): Progress[] {
  const ids = rows ?? [0]
  return ids.flatMap((id) => {
    const parts = kept.filter(([, workId]) => workId === id)
    const [first] = parts
    if (first === undefined) return []
    const reached: Reached = JSON.parse(first[3])
    const ends = parts.flatMap(([, , , , text]) => (text === null ? [] : [JSON.parse(text)]))
    return [progressOf(rows === null ? null : id, reached, ends, now)]
  })
}

const listOf = <T>(text: string | null | undefined): readonly T[] => (text ? JSON.parse(text) : [])
