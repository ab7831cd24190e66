/** Pauses of handlers, which every process keeps to. */
import type { StoredPause } from '../../../ports/inbox/records.ts'
import type { Session as Db } from '../db/database.ts'
import { namesOf } from './replay.ts'

const readPauses = 'SELECT handler, reason AS by, since FROM @pause ORDER BY handler COLLATE "C"'
/** It has not worked since the first word, whoever had it. */
const pauseHandler = `
  INSERT INTO @pause AS p (handler, reason, since) VALUES ($1, $2, $3)
  ON CONFLICT (handler) DO UPDATE SET reason = excluded.reason WHERE p.reason <> excluded.reason RETURNING 1 AS one`
const resumeHandler = 'DELETE FROM @pause WHERE handler = $1 RETURNING 1 AS one'

export const pausesOf = (db: Pick<Db, 'all'>): Promise<readonly StoredPause[]> => db.all<StoredPause>(readPauses)

/** Answers how many were changed. */
export async function pause(tx: Db, name: string, by: StoredPause['by'] | null, now: number): Promise<number> {
  const handler = (await namesOf(tx, [name])).get(name) ?? name
  const changed = by === null ? await tx.all(resumeHandler, handler) : await tx.all(pauseHandler, handler, by, now)
  return changed.length
}
