/** Notes before calls of suspects, and saved progress: both refused where the claim is lost. */
import type { NotedCall } from '../../../ports/inbox/claims.ts'
import type { NewProgress } from '../../../ports/inbox/progress.ts'
import { endsOf, reachedOf } from '../../rules/progress.ts'
import type { Session as Db } from '../db/database.ts'
import type { Hold } from '../life/holds.ts'
import { isAlive } from '../life/process.ts'
import type { Session } from '../life/session.ts'
import { keepKeys } from './settle.ts'

/** Locks the claim: a settlement waits until this transaction has ended, and finds what it has written. */
const findMine = `
  WITH passes AS (SELECT seq FROM @pass WHERE seq = ANY ($2::int8[]) AND owner = $1::int8 ORDER BY seq FOR KEY SHARE),
  rows AS (SELECT seq FROM @held WHERE seq = ANY ($2::int8[]) AND owner = $1::int8 ORDER BY seq FOR KEY SHARE)
  SELECT seq FROM passes UNION ALL SELECT seq FROM rows`
const findMyRows = 'SELECT seq, unnest(rows) AS id FROM @held WHERE seq = ANY ($2::int8[]) AND owner = $1::int8'
const writeNote = `
  INSERT INTO @under_way (seq, owner, calls) VALUES ($1, $2::int8, $3)
  ON CONFLICT (seq) DO UPDATE SET owner = excluded.owner, calls = excluded.calls`
const deleteNote = 'DELETE FROM @under_way WHERE seq = $1'
const endParts = 'DELETE FROM @progress WHERE seq = $1 AND work_id = $2 AND part >= $3'
const writeEnds = 'INSERT INTO @progress (seq, work_id, part, ends) VALUES ($1, $2, $3, $4)'
const writeReached = `
  INSERT INTO @progress (seq, work_id, part, reached) VALUES ($1, $2, -1, $3)
  ON CONFLICT (seq, work_id, part) DO UPDATE SET reached = excluded.reached`

/** false: the claim is lost, and nothing is noted. */
export function noteCalls({ db, owner }: Session, hold: Hold, calls: readonly NotedCall[]): Promise<boolean> {
  return db.transaction(async (tx) => {
    if (!(await isAlive(tx, owner))) return false
    if ((await tx.all(findMine, owner, [hold.seq])).length === 0) return false
    hold.hasMore = true
    if (calls.length === 0) await tx.all(deleteNote, hold.seq)
    else await tx.all(writeNote, hold.seq, owner, JSON.stringify(calls))
    return true
  })
}

export interface Saving {
  readonly progress: NewProgress
  /** null: the claim is lost. */
  readonly hold: Hold | null
}

/**
 * Returns the progress that was saved. Waits for a settlement under way; one that is handed in later knows by
 * `Hold.hasMore` that there is progress, and deletes it.
 */
export async function saveAll(session: Session, saving: readonly Saving[]): Promise<ReadonlySet<NewProgress>> {
  const { db, owner } = session
  const settling = () => saving.flatMap(({ hold }) => hold?.settling ?? [])
  while (settling().length > 0) await Promise.all(settling())
  for (const { hold } of saving) if (hold) hold.hasMore = true
  const seqs = saving.map(({ progress }) => progress.seq)
  return db.transaction(async (tx) => {
    const saved = new Set<NewProgress>()
    if (!(await isAlive(tx, owner))) return saved
    const mine = new Set((await tx.all<{ seq: number }>(findMine, owner, seqs)).map(({ seq }) => seq))
    const rows = await tx.all<{ seq: number; id: number }>(findMyRows, owner, seqs)
    const withRows = new Set(rows.map(({ seq }) => seq))
    const ids = new Set(rows.map(({ id }) => id))
    for (const { progress, hold } of saving) {
      const { seq, row } = progress
      const isHeld = hold !== null && mine.has(seq) && (row === null ? !withRows.has(seq) : ids.has(row))
      if (!isHeld) continue
      await save(tx, session, progress)
      saved.add(progress)
    }
    return saved
  })
}

/** A part that is saved again replaces the stored one and those after it. */
async function save(tx: Db, session: Session, progress: NewProgress): Promise<void> {
  const { seq, row, parts } = progress
  const ends = endsOf(progress)
  await tx.all(writeReached, seq, row ?? 0, JSON.stringify(reachedOf(progress)))
  if (ends !== null) {
    await tx.all(endParts, seq, row ?? 0, parts)
    await tx.all(writeEnds, seq, row ?? 0, parts, JSON.stringify(ends))
  }
  await keepKeys(tx, session, progress)
}
