/** Counts by time and last uses as they are read: what is folded and what is not, in one statement, so of one moment. */
import type { LastUse, NewAction, Step, StoredAction, TallyRow, TallyWindow } from '../../../ports/inbox/look.ts'
import { STEP_MS, slotOf } from '../../rules/tally.ts'
import { MOST_ACTIONS, Uses } from '../../rules/uses.ts'
import type { Session } from '../db/database.ts'
import { bounded } from './fold.ts'

type Query = Pick<Session, 'all'>

const MINUTES: Readonly<Record<Step, number>> = { minute: 1, hour: 60, day: 1_440 }

const list = (step: Step) => {
  const size = MINUTES[step]
  const inWindow = `at >= $1::int8 * ${size} AND at < $2::int8 * ${size}`
  return `
  SELECT at, source, word, sum(n)::int8 AS n, ${bounded('sum(sum)')} AS sum FROM (
    SELECT t.at, t.source, w.text AS word, t.n, t.sum
    FROM @tally_${step} t JOIN @word w ON w.id = t.word WHERE t.at >= $1 AND t.at < $2
    UNION ALL SELECT at / ${size}, source, word, n, sum FROM @told WHERE ${inWindow}
    UNION ALL SELECT at / ${size}, source, '"in"', stored, stored_bytes FROM @receipt WHERE stored > 0 AND ${inWindow}
    UNION ALL SELECT at / ${size}, source, '"dup"', n - stored, bytes - stored_bytes FROM @receipt WHERE n > stored AND ${inWindow}) c
  GROUP BY at, source, word ORDER BY at`
}

const readUses = `
  SELECT source, credential, min(first_at) AS first_at, max(last_at) AS last_at, sum(count)::int8 AS count FROM (
    SELECT source, credential, first_at, last_at, count FROM @seen
    UNION ALL SELECT source, credential, first_at, last_at, n FROM @receipt) u
  GROUP BY source, credential ORDER BY source COLLATE "C", credential COLLATE "C"`

const insertAction = `
  WITH gone AS (DELETE FROM @action WHERE id <= (SELECT id FROM @action ORDER BY id DESC OFFSET ${MOST_ACTIONS - 1} LIMIT 1))
  INSERT INTO @action (at, who, verb, filter, matched, queued) VALUES ($1, $2, $3, $4, $5, $6)`
const listActions = 'SELECT id, at, who, verb, filter, matched, queued FROM @action ORDER BY id DESC LIMIT $1'

export async function readTallies(db: Query, { from, to, step }: TallyWindow): Promise<readonly TallyRow[]> {
  const rows = await db.all<TallyRow>(list(step), slotOf(from, step), slotOf(to, step))
  return rows.map(({ at, source, word, n, sum }) => {
    return { at: at * STEP_MS[step], source, word: JSON.parse(word), n, sum }
  })
}

interface UseRow {
  readonly source: string
  readonly credential: string
  readonly first_at: number
  readonly last_at: number
  readonly count: number
}

export async function readSeen(db: Query): Promise<readonly LastUse[]> {
  const uses = new Uses<{ -readonly [K in keyof LastUse]: LastUse[K] }>()
  for (const { source, credential, first_at, last_at, count } of await db.all<UseRow>(readUses)) {
    const label = JSON.parse(credential) as string | null
    const use = uses.of(source, label, (known) => ({
      ...{ source, credential: known, firstAt: first_at, lastAt: last_at, count: 0 },
    }))
    use.firstAt = Math.min(use.firstAt, first_at)
    use.lastAt = Math.max(use.lastAt, last_at)
    use.count += count
  }
  return [...uses.all()]
}

export async function noteAction(db: Query, { at, who, verb, filter, matched, queued }: NewAction): Promise<void> {
  await db.all(insertAction, Math.trunc(at), JSON.stringify(who), verb, filter, matched, queued)
}

export async function readActions(db: Query, limit: number): Promise<readonly StoredAction[]> {
  const rows = await db.all<StoredAction & { readonly who: string }>(listActions, Math.max(0, Math.trunc(limit)))
  return rows.map((row) => ({ ...row, who: JSON.parse(row.who) }))
}
