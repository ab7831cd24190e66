import type { StoredStats } from '../../../../ports/inbox/records.ts'
import { usedSince } from '../../../rules/belonging.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import { type Extent, pendingBytes } from '../ledger/extent.ts'
import { readPauses } from './commands.ts'

interface Circumstances {
  readonly now: number
  /** Of this process. */
  readonly handlers: readonly string[]
  /** Deliveries that claims of this process have passed over, by source. */
  readonly passedOver?: Readonly<Record<string, number>>
}

/** From kept counts: the same cost whatever the size of the log. Only what is orphaned is counted row by row. */
export function readStats(
  db: Database,
  extent: Extent,
  { now, handlers, passedOver = {} }: Circumstances,
): StoredStats {
  const { progress, lastSeq } = extent
  const current = JSON.stringify(handlers)
  return {
    pending: lastSeq - progress.settled + progress.with_work,
    pendingBytes: pendingBytes(extent),
    oldestPendingAt: findOldest(db, progress.mark, lastSeq),
    deadLetters: progress.dead_letters,
    quarantined: progress.quarantined,
    unhandled: counts(db.all<Count>(sql.readUnhandled)),
    cancelled: progress.cancelled,
    paused: readPauses(db),
    ...readUpkeep(db),
    orphaned: counts(db.all<Count>(sql.countOrphaned, usedSince(now), current)),
    orphanedSources: passedOver,
    replays: counts(db.all<Count>(sql.readReplays)),
    duplicateEvents: counts(db.all<Count>(sql.readDuplicateEvents)),
  }
}

/** The handlers with work beside these. */
export function readLeft(
  db: Database,
  handlers: readonly string[],
): { readonly name: string; readonly events: number }[] {
  return db.all(sql.countLeft, JSON.stringify(handlers))
}

function readUpkeep(db: Database): { readonly expired: number; readonly erased: number } {
  const row = db.get<{ expired: number; erased: number }>(upkeep.readUpkeep)
  return { expired: row?.expired ?? 0, erased: row?.erased ?? 0 }
}

interface Count {
  readonly name: string
  readonly count: number
}

function counts(rows: readonly Count[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]))
}

/** By place in the log: the first without an end to its first pass, or the first with a work row that is not of a replay. */
function findOldest(db: Database, mark: number, lastSeq: number): number | null {
  const withWork = db.get<{ seq: number | null }>(sql.findFirstWithWork)?.seq ?? null
  const unsettled = mark < lastSeq ? mark + 1 : null
  if (withWork === null && unsettled === null) return null
  const seq = Math.min(withWork ?? Number.POSITIVE_INFINITY, unsettled ?? Number.POSITIVE_INFINITY)
  return db.get<{ received_at: number }>(sql.readReceivedAt, seq)?.received_at ?? null
}
