/** Carries out commands of operators, from this process or another, inside the transaction of the group. */
import type { Cursor } from '../../../../ports/inbox/operations.ts'
import type { StoredPause } from '../../../../ports/inbox/records.ts'
import { tellObserved } from '../../../rules/tally.ts'
import type { FileAnswer, FileCommand, Moment } from '../../wire/protocol.ts'
import { nameOf } from '../claims/carry-over.ts'
import { cancel, replay } from '../claims/replay.ts'
import { drop, revive } from '../claims/revive.ts'
import { findCopies, removeCopies } from '../db/damaged-copies.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { cutErrors } from './cut-errors.ts'
import { endWork } from './end-work.ts'
import { erase } from './erase.ts'
import { noteAction } from './looks.ts'
import { writeMemo } from './memos.ts'
import { prune } from './prune.ts'
import { purge } from './purge.ts'

/** Returns what `CommandAnswers` says. */
export function carryOut(
  db: Database,
  draft: Ledger,
  command: FileCommand,
  moment: Moment & { readonly path: string },
): FileAnswer {
  const { now } = moment
  switch (command.kind) {
    case 'revive':
      return revive(db, draft, command.ids, now)
    case 'drop':
      return drop(db, draft, command.ids)
    case 'pause':
      return pause(db, { ...command, handler: nameOf(draft, command.handler) }, now)
    case 'prune':
      return prune(db, draft, at(command.from), moment)
    case 'erase':
      return erase(db, draft, command.erasures)
    case 'cut':
      return cutErrors(db, draft, command.email, command.from)
    case 'purge':
      return purge(db, at(command.from))
    case 'copies':
      return command.remove ? removeCopies(findCopies(moment.path)) : findCopies(moment.path)
    case 'replay':
      return replay(db, draft, command, now)
    case 'cancel':
      return cancel(db, draft, command)
    case 'action':
      return noteAction(db, command.action)
    case 'observe':
      tellObserved(command.observed, draft.looks.counts)
      return command.observed.length
    case 'memo':
      return writeMemo(db, command)
    case 'endWork':
      return endWork(db, draft, { ...command, handler: nameOf(draft, command.handler) }, now)
  }
}

/** The cursor as a number; 0 begins. */
const at = (cursor: Cursor | null): number => Number(cursor ?? 0)

export function readPauses(db: Database): StoredPause[] {
  const rows = db.all<{ handler: string; reason: StoredPause['by']; since: number }>(sql.readPauses)
  return rows.map(({ handler, reason, since }) => ({ handler, by: reason, since }))
}

function pause(db: Database, { handler, by }: Extract<FileCommand, { readonly kind: 'pause' }>, now: number): number {
  return by === null ? db.run(sql.resumeHandler, handler) : db.run(sql.pauseHandler, handler, by, now)
}
