/** What operators ask for, carried out by whoever is asked. */
import type { AnswerTo, Command, CommandAnswers } from '../../../ports/inbox/operations.ts'
import type { Session } from '../life/session.ts'
import { foldTallies, forgetTallies } from '../look/fold.ts'
import { cutErrors } from './cut-errors.ts'
import { erase } from './erase.ts'
import { drop, revive } from './letters.ts'
import { pause, pausesOf } from './pauses.ts'
import { prune } from './prune.ts'
import { purge } from './purge.ts'
import { cancel, endWork, replay } from './replay.ts'

/** After these there may be work that could not be claimed before. */
const MAKES_WORK: ReadonlySet<Command['kind']> = new Set(['revive', 'replay'])

export async function carryOut<C extends Command>(session: Session, command: C): Promise<AnswerTo<C>> {
  const answer = await answerTo(session, command)
  if (MAKES_WORK.has(command.kind)) session.tellOfWork()
  // Each kind has its answer, which is lost on a type parameter.
  return answer as AnswerTo<C>
}

async function answerTo(session: Session, command: Command): Promise<CommandAnswers[Command['kind']]> {
  const { db } = session
  const now = await session.now()
  switch (command.kind) {
    case 'revive':
      return db.transaction((tx) => revive(tx, command.ids, now))
    case 'drop':
      return db.transaction((tx) => drop(tx, command.ids))
    case 'replay':
      return db.transaction((tx) => replay(tx, command.mark, command.rows, now))
    case 'cancel':
      return db.transaction((tx) => cancel(tx, command.run, command.limit))
    case 'endWork':
      return db.transaction((tx) => endWork(tx, command.handler, session.own, command.limit, command.dryRun))
    case 'pause':
      return pauseOne(session, command.handler, command.by, now)
    case 'erase':
      return eraseAll(session, command.erasures)
    case 'cut':
      return db.transaction((tx) => cutErrors(tx, command.email, textOf(command.from)))
    case 'prune':
      return pruneOnce(session, textOf(command.from))
    case 'purge':
      return purge(db, command.from === null ? null : Number(command.from))
  }
}

const textOf = (from: number | string | null): string | null => (from === null ? null : String(from))

async function pauseOne(
  session: Session,
  handler: string,
  by: 'hand' | 'failures' | null,
  now: number,
): Promise<number> {
  const changed = await session.db.transaction((tx) => pause(tx, handler, by, now))
  if (changed > 0) session.tellOfPauses(await pausesOf(session.db))
  return changed
}

async function eraseAll(session: Session, erasures: Parameters<typeof erase>[1]): Promise<CommandAnswers['erase']> {
  const erased = await erase(session.db, erasures)
  await session.tellOfAllFreed()
  return erased
}

/** Counts by time: those that were told since are added up, and old ones let go of, where the clock may be believed. */
export async function tidyTallies({ db, watch }: Session, now: number): Promise<void> {
  await foldTallies(db)
  if (watch.isSteady()) await forgetTallies(db, now)
}

export async function pruneOnce(session: Session, from: string | null): Promise<CommandAnswers['prune']> {
  const { db, opening, watch } = session
  const now = await session.now()
  const isSteady = watch.isSteady()
  const pruned = await db.transaction((tx) => prune(tx, opening.retention, now, isSteady, from))
  if (from === null) await tidyTallies(session, now)
  return pruned
}
