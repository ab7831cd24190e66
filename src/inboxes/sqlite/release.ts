import { forgetUnderWay } from './crashes.ts'
import type { Database } from './database.ts'
import { isPassed } from './extent.ts'
import type { Ledger } from './ledger.ts'
import { givePassBack } from './passes.ts'
import * as sql from './sql.ts'

/** Gives a claim back as if it had never been made. */
export function release(db: Database, draft: Ledger, seq: number): void {
  const hold = draft.held.get(seq)
  if (!hold) return
  draft.held.delete(seq)
  forgetUnderWay(db, draft, seq)
  if (isPassed(db, draft, seq)) db.run(sql.giveRowsBack, seq)
  else givePassBack(db, draft, seq, hold.careful)
}
