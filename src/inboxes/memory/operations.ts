/** What operators ask for, carried out at once: everything in one portion. */
import type { AnswerTo, Command, CommandAnswers, PauseHandler } from '../../ports/inbox/operations.ts'
import { cutErrors, erase } from './erase.ts'
import { prune } from './prune.ts'
import { cancel, replay } from './replay.ts'
import { drop, endWork, revive } from './revive.ts'
import type { Session } from './session.ts'

export function carryOut<C extends Command>(session: Session, command: C): AnswerTo<C> {
  const answer = answerTo(session, command)
  if (MAKES_WORK.has(command.kind)) session.tellOfWork()
  // Each kind has its answer, which is lost on a type parameter.
  return answer as AnswerTo<C>
}

/** After these there may be work that could not be claimed before. */
const MAKES_WORK: ReadonlySet<Command['kind']> = new Set(['revive', 'replay'])

function answerTo(session: Session, command: Command): CommandAnswers[Command['kind']] {
  const { store } = session
  const { clock, retention } = session.opening()
  switch (command.kind) {
    case 'revive':
      return revive(store, command.ids, clock.now())
    case 'drop':
      return drop(store, command.ids)
    case 'pause':
      return pause(session, command)
    case 'prune':
      return prune(store, retention, session.now(), session.isSteady())
    case 'erase': {
      const { report, freed } = erase(store, command.erasures)
      session.tellOfFreed(freed)
      return report
    }
    case 'cut':
      return cutErrors(store, command.email) ? 0 : null
    case 'purge':
      // There are no files.
      return null
    case 'replay':
      return replay(store, command.mark, command.rows, clock.now())
    case 'cancel':
      return cancel(store, command.run, command.limit)
    case 'endWork':
      return endWork(store, command.handler, command.limit, command.dryRun)
  }
}

function pause(session: Session, { handler: name, by }: PauseHandler): number {
  const { store } = session
  const handler = store.nameOf(name)
  const known = store.pauses.get(handler)
  if (known?.by === (by ?? undefined)) return 0
  if (by === null) store.pauses.delete(handler)
  // It has not worked since the first word, whoever had it.
  else store.pauses.set(handler, { handler, by, since: known?.since ?? session.opening().clock.now() })
  session.tellOfPauses()
  return 1
}
