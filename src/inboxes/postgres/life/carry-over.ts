/** Renames handlers, by the renames of an opening, in all that is stored. */
import { renamedEnds, renamedReached } from '../../rules/progress.ts'
import type { Session } from '../db/database.ts'

type Renames = ReadonlyMap<string, string>

/** A name that a handler of this process has is no former name any more. */
const endAliases = 'DELETE FROM @alias WHERE former = ANY ($1::text[])'
const followAliases = 'UPDATE @alias SET name = $2 WHERE name = $1'
const writeAlias = `
  INSERT INTO @alias (former, name) VALUES ($1, $2) ON CONFLICT (former) DO UPDATE SET name = excluded.name`

const renameWork = 'UPDATE @work SET handler = $2 WHERE handler = $1'
const renameLetters = 'UPDATE @dead_letter SET handler = $2 WHERE handler = $1'
const renameSeen = `
  WITH gone AS (DELETE FROM @handler WHERE name = $1 RETURNING seen_at)
  INSERT INTO @handler (name, seen_at) SELECT $2, seen_at FROM gone ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at`
const renamePause = `
  WITH gone AS (DELETE FROM @pause WHERE handler = $1 RETURNING reason, since)
  INSERT INTO @pause (handler, reason, since) SELECT $2, reason, since FROM gone ON CONFLICT (handler) DO NOTHING`
/** A process that runs the handler under its old name goes on to run it until that process ends. */
const renameOrder = `
  WITH gone AS (DELETE FROM @ordering WHERE handler = $1 RETURNING owner)
  INSERT INTO @ordering (handler, owner) SELECT $2, owner FROM gone ON CONFLICT (handler) DO NOTHING`
/** Where both names have deaths of an element, those of the former name count. */
const renameDeaths = `
  WITH gone AS (DELETE FROM @death WHERE handler = $1 RETURNING seq, element_index, times)
  INSERT INTO @death (seq, element_index, handler, times) SELECT seq, element_index, $2, times FROM gone
  ON CONFLICT (seq, element_index, handler) DO UPDATE SET times = excluded.times`
const readSets = 'SELECT id, names FROM @handler_set'
const findSet = 'SELECT id FROM @handler_set WHERE names = $1'
const writeSet = 'UPDATE @handler_set SET names = $2 WHERE id = $1'
const replaceSet = [
  'UPDATE @pass SET set_id = $2 WHERE set_id = $1',
  'UPDATE @settled SET set_id = $2 WHERE set_id = $1',
  'DELETE FROM @handler_set WHERE id = $1 AND $2::int4 IS NOT NULL',
]
const readProgress = 'SELECT seq, work_id, part, reached, ends FROM @progress'
const writeProgress = 'UPDATE @progress SET reached = $4, ends = $5 WHERE seq = $1 AND work_id = $2 AND part = $3'

export async function carryOver(session: Session, own: readonly string[], renames: Renames): Promise<void> {
  if (own.length > 0) await session.all(endAliases, own)
  for (const [old, name] of renames) {
    await session.all(followAliases, old, name)
    await session.all(writeAlias, old, name)
    for (const text of [renameWork, renameLetters, renameSeen, renamePause, renameDeaths, renameOrder])
      await session.all(text, old, name)
  }
  if (renames.size === 0) return
  await renameSets(session, renames)
  await renameAllProgress(session, renames)
}

async function renameSets(session: Session, renames: Renames): Promise<void> {
  for (const { id, names } of await session.all<{ id: number; names: string }>(readSets)) {
    const old: readonly string[] = JSON.parse(names)
    const now = JSON.stringify([...new Set(old.map((name) => renames.get(name) ?? name))].sort())
    if (now !== names) await renameSet(session, id, now)
  }
}

/** Renaming may make two sets equal: then one replaces the other. */
async function renameSet(session: Session, id: number, names: string): Promise<void> {
  const [same] = await session.all<{ id: number }>(findSet, names)
  if (same === undefined) await session.all(writeSet, id, names)
  else for (const text of replaceSet) await session.all(text, id, same.id)
}

interface Kept {
  readonly seq: number
  readonly work_id: number
  readonly part: number
  readonly reached: string | null
  readonly ends: string | null
}

async function renameAllProgress(session: Session, renames: Renames): Promise<void> {
  for (const { seq, work_id, part, reached, ends } of await session.all<Kept>(readProgress)) {
    const now = reached === null ? null : JSON.stringify(renamedReached(JSON.parse(reached), renames))
    const end = ends === null ? null : JSON.stringify(renamedEnds(JSON.parse(ends), renames))
    await session.all(writeProgress, seq, work_id, part, now, end)
  }
}
