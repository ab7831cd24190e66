/** One process owns a file: it holds an exclusive transaction on `<path>-lock`, which the kernel ends with it. */

import { PosthornError } from '../../../../errors.ts'
import { isBusy } from '../../wire/failure.ts'
import { Database } from './database.ts'
import { createPrivately, identityOf } from './files.ts'

export interface Ownership {
  /** False: its file was removed or replaced, so somebody else can be the owner too. */
  isInPlace(): boolean
  release(): void
}

/** null: somebody else is the owner, in another process or in this one. */
export function acquireOwnership(path: string): Ownership | null {
  const file = `${path}-lock`
  createPrivately(file)
  const before = identityOf(file)
  const db = new Database(file)
  const isInPlace = () => before !== null && identityOf(file) === before
  try {
    db.exec('PRAGMA busy_timeout = 0')
    // Nothing is ever written to it, so it needs no journal on disk.
    db.exec('PRAGMA journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    // Replaced while it was opened: the caller tries again, and meets whoever replaced it.
    if (isInPlace()) return { isInPlace, release: () => db.close() }
    db.close()
    return null
  } catch (error) {
    db.close()
    if (isBusy(error)) return null
    throw error
  }
}

/** Another process became the owner, and has taken over the claims of this one. */
export function takenOver(path: string): PosthornError {
  return new PosthornError(
    'ERR_INBOX_OWNED',
    `${path} is owned by another process, which took it while this one had it: its lock, ${path}-lock, was removed. ` +
      'This one stores and handles nothing more until it is started again.',
  )
}
