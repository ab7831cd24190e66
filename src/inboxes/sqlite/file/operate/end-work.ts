/** Work that waits for a handler nobody has any more, given up. */
import { DROPPED_AT } from '../../../rules/dropped.ts'
import { eventsIn } from '../../../rules/ranges.ts'
import type { FileCommand } from '../../wire/protocol.ts'
import { noteFreed } from '../claims/order.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { count, hasWork } from '../ledger/extent.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { readBelongingAt } from '../ledger/read-ledger.ts'

type EndWork = Extract<FileCommand, { readonly kind: 'endWork' }>

/** Answers the number of events in the rows ended; what is done for a handler of this process goes on. */
export function endWork(db: Database, draft: Ledger, { handler, limit, dryRun }: EndWork, now: number): number {
  if (draft.own.includes(handler)) return 0
  if (dryRun) return db.get<{ events: number }>(sql.countEventsOf, handler)?.events ?? 0
  const rows = db.all<{ id: number; seq: number; first: number; last: number }>(sql.findRowsOfHandler, handler, limit)
  for (const { id, seq } of rows) {
    noteFreed(db, draft, seq, id)
    db.run(sql.deleteRow, id, seq)
  }
  const seqs = new Set(rows.map(({ seq }) => seq))
  const events = eventsIn(rows)
  count(draft, { with_work: -[...seqs].filter((seq) => !hasWork(db, seq)).length, cancelled: events })
  db.run(sql.unseeHandler, DROPPED_AT, handler)
  draft.belonging = readBelongingAt(db, draft.own, now)
  return events
}
