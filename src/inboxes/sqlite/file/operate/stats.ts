import type { StoredStats } from '../../../../ports/inbox/records.ts'
import { usedSince } from '../../../rules/belonging.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import { type LogTotals, pendingBytes } from '../ledger/log-totals.ts'
import { readPauses } from './carry-out.ts'

interface Circumstances {
  readonly now: number
  /** The handlers of this process. */
  readonly handlers: readonly string[]
  /** Deliveries that claims of this process have passed over, by source. */
  readonly passedOver?: Readonly<Record<string, number>>
}

/** Reads stored counts: the cost does not grow with the log. Only orphaned work is counted row by row. */
export function readStats(
  db: Database,
  extent: LogTotals,
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

/** Other handlers that have work rows. */
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

/** The first delivery in the log that has not passed, or that has a work row of no replay. */
function findOldest(db: Database, mark: number, lastSeq: number): number | null {
  const withWork = db.get<{ seq: number | null }>(sql.findFirstWithWork)?.seq ?? null
  const unsettled = mark < lastSeq ? mark + 1 : null
  if (withWork === null && unsettled === null) return null
  const seq = Math.min(withWork ?? Number.POSITIVE_INFINITY, unsettled ?? Number.POSITIVE_INFINITY)
  return db.get<{ received_at: number }>(sql.readReceivedAt, seq)?.received_at ?? null
}
