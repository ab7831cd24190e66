import type { Database } from '../db/database.ts'
import { forgetUnderWay } from '../ledger/crashes.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { isPassed } from '../ledger/log-totals.ts'
import { givePassBack } from '../ledger/passes.ts'

const giveRowsBack = 'UPDATE work SET claimed = 0 WHERE seq = ? AND claimed = 1'

/** Gives a claim back as if it had never been made. */
export function release(db: Database, draft: Ledger, seq: number): void {
  const hold = draft.held.get(seq)
  if (!hold) return
  draft.held.delete(seq)
  forgetUnderWay(db, draft, seq)
  if (isPassed(db, draft, seq)) db.run(giveRowsBack, seq)
  else givePassBack(db, draft, seq, hold.careful)
}
