import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { forgetUnderWay } from '../ledger/crashes.ts'
import { isPassed } from '../ledger/extent.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { givePassBack } from '../ledger/passes.ts'

/** Gives a claim back as if it had never been made. */
export function release(db: Database, draft: Ledger, seq: number): void {
  const hold = draft.held.get(seq)
  if (!hold) return
  draft.held.delete(seq)
  forgetUnderWay(db, draft, seq)
  if (isPassed(db, draft, seq)) db.run(sql.giveRowsBack, seq)
  else givePassBack(db, draft, seq, hold.careful)
}
