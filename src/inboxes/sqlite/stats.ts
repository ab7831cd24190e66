import type { InboxStats } from '../../core/ports.ts'
import type { Database } from './database.ts'
import type { Ledger } from './ledger.ts'
import * as sql from './sql.ts'

/** From kept counts alone: the same cost whatever the size of the log. */
export function readStats(db: Database, { progress, lastSeq }: Ledger): InboxStats {
  const unhandled = db.all<{ name: string; count: number }>(sql.readUnhandled)
  return {
    pending: lastSeq - progress.settled + progress.with_work,
    oldestPendingAt: findOldest(db, progress.mark, lastSeq),
    deadLetters: progress.dead_letters,
    quarantined: progress.quarantined,
    unhandled: Object.fromEntries(unhandled.map((row) => [row.name, row.count])),
  }
}

/** By place in the log: the first without an end to its first pass, or the first with a work row. */
function findOldest(db: Database, mark: number, lastSeq: number): number | null {
  const withWork = db.get<{ seq: number | null }>(sql.findFirstWithWork)?.seq ?? null
  const unsettled = mark < lastSeq ? mark + 1 : null
  if (withWork === null && unsettled === null) return null
  const seq = Math.min(withWork ?? Number.POSITIVE_INFINITY, unsettled ?? Number.POSITIVE_INFINITY)
  return db.get<{ received_at: number }>(sql.readReceivedAt, seq)?.received_at ?? null
}
