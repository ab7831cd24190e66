/** Gives up work rows of a handler that no process has any more. */
import { DROPPED_AT } from '../../../rules/dropped.ts'
import { eventsIn } from '../../../rules/ranges.ts'
import type { FileCommand } from '../../wire/protocol.ts'
import { noteFreed } from '../claims/order.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { addCounts, hasWork } from '../ledger/log-totals.ts'
import { readBelongingAt } from '../ledger/read-ledger.ts'

type EndWork = Extract<FileCommand, { readonly kind: 'endWork' }>

const findRowsOfHandler = 'SELECT id, seq, first, last FROM work WHERE handler = ? ORDER BY id LIMIT ?'
const countEventsOf = 'SELECT coalesce(sum(last - first + 1), 0) AS events FROM work WHERE handler = ?'
const unseeHandler = 'UPDATE handler SET seen_at = ? WHERE name = ?'

/** Returns the number of events in the deleted rows; 0 for a handler of this process, whose work goes on. */
export function endWork(db: Database, draft: Ledger, { handler, limit, dryRun }: EndWork, now: number): number {
  if (draft.own.includes(handler)) return 0
  if (dryRun) return db.get<{ events: number }>(countEventsOf, handler)?.events ?? 0
  const rows = db.all<{ id: number; seq: number; first: number; last: number }>(findRowsOfHandler, handler, limit)
  for (const { id, seq } of rows) {
    noteFreed(db, draft, seq, id)
    db.run(sql.deleteRow, id, seq)
  }
  const seqs = new Set(rows.map(({ seq }) => seq))
  const events = eventsIn(rows)
  addCounts(draft, { with_work: -[...seqs].filter((seq) => !hasWork(db, seq)).length, cancelled: events })
  db.run(unseeHandler, DROPPED_AT, handler)
  draft.belonging = readBelongingAt(db, draft.own, now)
  return events
}
