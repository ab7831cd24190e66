/** One item of a group in a savepoint of its own. */

import { isOfTheItem } from '../../wire/failure.ts'
import type { Database } from '../db/database.ts'
import type { Ledger } from './ledger.ts'

/** Where `write` refuses the item, undoes what it has written and counted; any other failure undoes the whole group. */
export function atomically<T>(db: Database, draft: Ledger, write: () => T): T {
  const before = { ...draft }
  db.run('SAVEPOINT item')
  try {
    const value = write()
    db.run('RELEASE item')
    return value
  } catch (error) {
    if (isOfTheItem(error)) {
      db.exec('ROLLBACK TO item; RELEASE item')
      Object.assign(draft, before)
    }
    throw error
  }
}
