/** Takes an address out of the errors of all dead letters and work rows. */
import { createCut } from '../../../../lib/cut-address.ts'
import type { Cut } from '../../../../ports/inbox/operations.ts'
import type { Database } from '../db/database.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { cutInPassProgress } from '../ledger/pass-progress.ts'

/** Rows in a portion, of at most 4 kB each: some 20 ms, for which acknowledgements wait. */
const ROWS = 200

/** The cursor: go on after row `after` of this kind. `busy`: rows under claim hold the address. */
interface ErrorPlace {
  readonly kind: 'dead' | 'work'
  readonly after: number
  readonly busy: boolean
}

const START: ErrorPlace = { kind: 'dead', after: 0, busy: false }

interface Row {
  readonly id: number
  readonly seq: number
  readonly errors: string
}

/**
 * One portion, inside the transaction of the group. Begins anew where rows under claim hold the address: by then they
 * may be dead letters. Cut text is overwritten in the file, not only unlinked.
 */
export function cutErrors(db: Database, draft: Ledger, email: string, from: Cut): Cut {
  const place = from === null ? START : (JSON.parse(String(from)) as ErrorPlace)
  const next = cutPortion(db, draft, email, place)
  return next && JSON.stringify(next)
}

const readLetterErrors = 'SELECT id, seq, errors FROM dead_letter WHERE id > ? ORDER BY id LIMIT ?'
const writeLetterErrors = 'UPDATE dead_letter SET errors = ? WHERE id = ?'

function cutPortion(db: Database, draft: Ledger, email: string, place: ErrorPlace): ErrorPlace | null {
  const cutValue = createCut(email)
  const cut = (text: string) => JSON.stringify(cutValue(JSON.parse(text)))
  db.exec('PRAGMA secure_delete = ON')
  try {
    const letters = place.kind === 'dead' ? db.all<Row>(readLetterErrors, place.after, ROWS) : []
    for (const { id, errors } of letters) if (cut(errors) !== errors) db.run(writeLetterErrors, cut(errors), id)
    if (letters.length === ROWS) return { ...place, after: letters.at(-1)?.id ?? 0 }
    if (place.kind === 'work') return cutWork(db, draft, cut, place)
    // All saved progress at once: few passes are under way.
    const busy = cutInPassProgress(db, draft, cutValue) || place.busy
    return cutWork(db, draft, cut, { kind: 'work', after: 0, busy })
  } finally {
    db.exec('PRAGMA secure_delete = FAST')
  }
}

const readWorkErrors = "SELECT id, seq, errors FROM work WHERE id > ? AND errors <> '[]' ORDER BY id LIMIT ?"
const writeWorkErrors = 'UPDATE work SET errors = ? WHERE id = ?'

function cutWork(db: Database, draft: Ledger, cut: (text: string) => string, place: ErrorPlace): ErrorPlace | null {
  const rows = db.all<Row>(readWorkErrors, place.after, ROWS)
  let { busy } = place
  for (const { id, seq, errors } of rows) {
    if (cut(errors) === errors) continue
    if (draft.held.has(seq)) busy = true
    else db.run(writeWorkErrors, cut(errors), id)
  }
  if (rows.length === ROWS) return { kind: 'work', after: rows.at(-1)?.id ?? 0, busy }
  return busy ? START : null
}
