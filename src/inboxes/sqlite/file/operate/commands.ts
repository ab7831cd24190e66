/** What operators ask for, from this process or another: carried out inside the transaction of the group. */
import type { StoredPause } from '../../../../ports/inbox/records.ts'
import type { Command, CommandAnswer, Moment } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { nameOf } from '../work/carry-over.ts'
import { cancel, replay } from '../work/replay.ts'
import { drop, revive } from '../work/revive.ts'
import { erase } from './erase.ts'
import { prune } from './prune.ts'
import { purge } from './purge.ts'

/** Answers how many rows it found, for pauses how many it changed, or what the port says. */
export function carryOut(db: Database, draft: Ledger, command: Command, moment: Moment): CommandAnswer {
  const { now } = moment
  switch (command.kind) {
    case 'revive':
      return revive(db, draft, command.ids, now)
    case 'drop':
      return drop(db, draft, command.ids)
    case 'pause':
      return pause(db, { ...command, handler: nameOf(draft, command.handler) }, now)
    case 'prune':
      return prune(db, draft, command.at, moment)
    case 'erase':
      return erase(db, draft, command.erasures)
    case 'purge':
      return purge(db, command.at)
    case 'replay':
      return replay(db, draft, command, now)
    case 'cancel':
      return cancel(db, draft, command)
  }
}

export function readPauses(db: Database): StoredPause[] {
  const rows = db.all<{ handler: string; reason: StoredPause['by']; since: number }>(sql.readPauses)
  return rows.map(({ handler, reason, since }) => ({ handler, by: reason, since }))
}

function pause(db: Database, { handler, by }: Extract<Command, { readonly kind: 'pause' }>, now: number): number {
  return by === null ? db.run(sql.resumeHandler, handler) : db.run(sql.pauseHandler, handler, by, now)
}
