/** Saved progress of passes, as the file stores it. The rules are those of `rules/progress.ts`. */
import type { Ends, Progress } from '../../../../ports/inbox/progress.ts'
import type { StoredError } from '../../../../ports/inbox/rows.ts'
import {
  endsOf,
  endsWithErrors,
  endsWithout,
  progressOf,
  type Reached,
  reachedOf,
  renamedEnds,
  renamedReached,
} from '../../../rules/progress.ts'
import type { HeldProgress } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from './ledger.ts'

/** `work_id` of the progress of a first pass. */
const FIRST_PASS = 0
/** The part with `next` and `over`; the parts after it hold `Ends`. */
const REACHED = 0

interface Part {
  readonly seq: number
  readonly work_id: number
  readonly part: number
  readonly what: string
}

export function readProgressed(db: Database): Set<number> {
  return new Set(db.all<{ seq: number }>(sql.readProgressed).map((row) => row.seq))
}

export function writePassProgress(db: Database, draft: Ledger, progress: HeldProgress): void {
  const { seq, parts } = progress
  const id = progress.row ?? FIRST_PASS
  const ends = endsOf(progress)
  db.run(sql.writePassProgress, seq, id, REACHED, JSON.stringify(reachedOf(progress)))
  if (ends !== null) db.run(sql.writePassProgress, seq, id, parts + 1, JSON.stringify(ends))
  if (!draft.progressed.has(seq)) draft.progressed = new Set([...draft.progressed, seq])
}

/** The progress of the first pass (`rows` null), or of these rows. */
export function readPassProgress(
  db: Database,
  { progressed }: Ledger,
  seq: number,
  rows: ReadonlyArray<{ readonly id: number }> | null,
  now: number,
): Progress[] {
  if (!progressed.has(seq)) return []
  const asked = new Set(rows === null ? [FIRST_PASS] : rows.map(({ id }) => id))
  const parts = db.all<Part>(sql.readPassProgress, seq).filter(({ work_id }) => asked.has(work_id))
  const byRow = Map.groupBy(parts, ({ work_id }) => work_id)
  return [...byRow].flatMap(([id, [reached, ...ends]]) => {
    if (reached?.part !== REACHED) return []
    const list = ends.map(({ what }) => JSON.parse(what) as Ends)
    return progressOf(id === FIRST_PASS ? null : id, JSON.parse(reached.what) as Reached, list, now)
  })
}

const deletePassProgress = 'DELETE FROM pass_progress WHERE seq = ? AND work_id = ?'

/** Deletes the progress of a settled first pass; that of work rows is deleted with them. */
export function endFirstPassProgress(db: Database, draft: Ledger, seq: number): void {
  if (!draft.progressed.has(seq)) return
  db.run(deletePassProgress, seq, FIRST_PASS)
  draft.progressed = new Set([...draft.progressed].filter((other) => other !== seq))
}

export function eraseInPassProgress(
  db: Database,
  { progressed }: Ledger,
  seq: number,
  erased: ReadonlySet<number>,
): void {
  if (!progressed.has(seq)) return
  for (const part of db.all<Part>(sql.readPassProgress, seq))
    if (part.part !== REACHED) rewrite(db, part, endsWithout(JSON.parse(part.what) as Ends, erased))
}

const readAllPassProgress = 'SELECT seq, work_id, part, what FROM pass_progress ORDER BY seq, work_id, part'

/** Cuts errors in the progress of deliveries that are not under claim. Returns whether one under claim needs it too. */
export function cutInPassProgress(
  db: Database,
  { held }: Ledger,
  cut: (errors: readonly StoredError[]) => readonly StoredError[],
): boolean {
  let busy = false
  for (const part of db.all<Part>(readAllPassProgress)) {
    if (part.part === REACHED) continue
    const ends = endsWithErrors(JSON.parse(part.what) as Ends, cut)
    if (JSON.stringify(ends) === part.what) continue
    if (held.has(part.seq)) busy = true
    else rewrite(db, part, ends)
  }
  return busy
}

/** At the opening of a process: renames handlers in saved progress. */
export function renameInPassProgress(db: Database, renames: ReadonlyMap<string, string>): void {
  for (const part of db.all<Part>(readAllPassProgress)) {
    const what: unknown = JSON.parse(part.what)
    const isReached = part.part === REACHED
    rewrite(db, part, isReached ? renamedReached(what as Reached, renames) : renamedEnds(what as Ends, renames))
  }
}

function rewrite(db: Database, { seq, work_id, part }: Part, what: Reached | Ends): void {
  db.run(sql.writePassProgress, seq, work_id, part, JSON.stringify(what))
}
