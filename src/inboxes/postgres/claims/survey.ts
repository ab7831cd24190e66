/** Reads what could be claimed, in one statement without locks. */
import type { ClaimRequest } from '../../../ports/inbox/claims.ts'
import type { Session } from '../db/database.ts'

/**
 * Due rows of handlers without an order, the longest due first, by delivery. Each look-up goes by the index of its
 * handler, and stops at the limit.
 */
const look = `
  SELECT
    (SELECT handlers_changed FROM @control) AS changed,
    (SELECT json_agg(json_build_array(name, seen_at)) FROM @handler)::text AS seen,
    (SELECT json_agg(json_build_array(former, name)) FROM @alias)::text AS aliases,
    (SELECT json_agg(json_build_array(handler, owner::text)) FROM @ordering)::text AS orders,
    (SELECT 1 FROM @pass WHERE careful AND owner IS NULL AND source = ANY ($2::text[]) ORDER BY seq LIMIT 1) IS NOT NULL
      OR (SELECT 1 FROM @work WHERE careful ORDER BY id LIMIT 1) IS NOT NULL AS suspects,
    (SELECT min(n.due_at) FROM unnest($1::text[]) h(name) CROSS JOIN LATERAL (
      SELECT w.due_at FROM @work w WHERE w.handler = h.name AND w.state = 0 AND w.due_at > $4 ORDER BY w.due_at LIMIT 1) n) AS next_due,
    (SELECT json_agg(json_build_array(c.seq, c.due_at, c.size) ORDER BY c.due_at, c.seq)::text FROM (
      SELECT a.seq, min(a.due_at) AS due_at, (SELECT d.size FROM @delivery d WHERE d.seq = a.seq LIMIT 1) AS size
      FROM unnest($3::text[]) h(name) CROSS JOIN LATERAL (
        SELECT w.seq, w.due_at FROM @work w
        WHERE w.handler = h.name AND w.state = 0 AND w.due_at <= $4 AND w.source = ANY ($2::text[]) AND NOT w.careful
          AND (SELECT 1 FROM @held x WHERE x.seq = w.seq LIMIT 1) IS NULL
        ORDER BY w.due_at, w.seq LIMIT $5) a
      GROUP BY a.seq ORDER BY min(a.due_at), a.seq LIMIT $5) c) AS due`

export interface Due {
  readonly seq: number
  readonly dueAt: number
  readonly bytes: number
}

export interface Survey {
  /** The number of the last change of the stored handlers that `seen` and `aliases` include. */
  readonly changed: number
  readonly seen: ReadonlyArray<{ readonly name: string; readonly seenAt: number }>
  readonly aliases: ReadonlyMap<string, string>
  /** Handlers with `orderBy` that a process runs, each with the `owner` of that process. */
  readonly orders: ReadonlyMap<string, string>
  /** Whether there are suspects; they may be of other handlers. */
  readonly suspects: boolean
  readonly nextDueAt: number | null
  readonly due: readonly Due[]
}

interface SurveyRow {
  readonly changed: number
  readonly seen: string | null
  readonly aliases: string | null
  readonly orders: string | null
  readonly suspects: boolean
  readonly next_due: number | null
  readonly due: string | null
}

type Triple = readonly [seq: number, dueAt: number, bytes: number]

export async function survey(db: Pick<Session, 'all'>, request: ClaimRequest, now: number): Promise<Survey> {
  const { handlers, sources, ordered = [], maxDeliveries } = request
  const inOrder = new Set(ordered.map(({ handler }) => handler))
  const free = handlers.filter((name) => !inOrder.has(name))
  const [row] = await db.all<SurveyRow>(look, handlers, sources, free, now, Math.max(0, maxDeliveries))
  if (row === undefined) throw new Error('a survey has one row')
  const seen = listOf<readonly [string, number]>(row.seen).map(([name, seenAt]) => ({ name, seenAt }))
  return {
    changed: row.changed,
    seen,
    aliases: new Map(listOf<readonly [string, string]>(row.aliases)),
    orders: new Map(listOf<readonly [string, string]>(row.orders)),
    suspects: row.suspects,
    nextDueAt: row.next_due,
    due: listOf<Triple>(row.due).map(([seq, dueAt, bytes]) => ({ seq, dueAt, bytes })),
  }
}

const listOf = <T>(text: string | null): readonly T[] => (text === null ? [] : JSON.parse(text))
