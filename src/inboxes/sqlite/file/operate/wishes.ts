/**
 * Wishes of other processes, on the owner's side: carried out with its next group; the result goes into the same row.
 */

import type { Failure, FileAnswer, FileCommand, ItemAnswer } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'

export interface Wish {
  readonly id: number
  readonly kind: string
  readonly arguments: string
}

const KINDS: Readonly<Record<FileCommand['kind'], true>> = {
  ...{ revive: true, drop: true, pause: true, prune: true, erase: true, cut: true, purge: true, copies: true },
  ...{ replay: true, cancel: true, endWork: true, action: true, memo: true, observe: true },
}

/** In ms: the process that made a wish has given up waiting long before. */
const STALE_MS = 300_000

/** In the order in which they were made. */
export function findWishes(db: Database): Wish[] {
  return db.all<Wish>(sql.findWishes)
}

const deleteStaleWishes = 'DELETE FROM wish WHERE made_at < ?'

/** Deletes wishes that were never carried out, and results that were never read. */
export function clearStaleWishes(db: Database, now: number): void {
  db.run(deleteStaleWishes, now - STALE_MS)
}

const answerWish = 'UPDATE wish SET result = ? WHERE id = ?'

/** Carries a wish out and stores the result; one that cannot be read gets a result too. */
export function fulfil(db: Database, wish: Wish, run: (command: FileCommand) => ItemAnswer<FileAnswer>): void {
  const command = toCommand(wish)
  const answer = command === null ? { failure: notUnderstood(wish) } : run(command)
  db.run(answerWish, JSON.stringify(answer), wish.id)
}

/** null: it cannot be read. Both processes have the same schema version, so what parses has the shape of its kind. */
function toCommand({ kind, arguments: text }: Wish): FileCommand | null {
  try {
    return Object.hasOwn(KINDS, kind) ? ({ kind, ...(JSON.parse(text) as object) } as FileCommand) : null
  } catch {
    return null
  }
}

function notUnderstood({ kind }: Wish): Failure {
  return { code: 'ERR_INBOX_VERSION', message: `The owner of the inbox does not know how to ${kind}.` }
}
