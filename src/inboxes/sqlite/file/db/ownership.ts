/** One process owns a file: it holds an exclusive transaction on `<path>-lock`, which the kernel ends with it. */

import { isBusy } from '../../wire/failure.ts'
import { Database } from './database.ts'
import { createPrivately } from './files.ts'

export interface Ownership {
  release(): void
}

/** null: somebody else is the owner, in another process or in this one. */
export function acquireOwnership(path: string): Ownership | null {
  const file = `${path}-lock`
  createPrivately(file)
  const db = new Database(file)
  try {
    db.exec('PRAGMA busy_timeout = 0')
    // Nothing is ever written here, so there is no journal to keep on disk either.
    db.exec('PRAGMA journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (isBusy(error)) return null
    throw error
  }
  return { release: () => db.close() }
}
