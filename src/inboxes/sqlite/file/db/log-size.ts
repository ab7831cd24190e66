/** The log of SQLite takes room on the disk, and as much again in the file when it is brought there. */
import type { Database } from './database.ts'
import { sizeOf } from './files.ts'
import * as sql from './upkeep-sql.ts'

/** The log stays below this where nobody reads an earlier state of the file; a frame is 4 096 bytes and its header. */
export const ORDINARY_LOG_BYTES = 10_240 * 4_120
/** A longer log is truncated. */
export const LONG_LOG_FRAMES = 20_480

export const logBytes = (path: string): number => sizeOf(`${path}-wal`)

/** How much larger the file gets when all of its log is brought into it. */
export function growthOf(db: Database, path: string): number {
  const bytes = Number(db.pragma('page_count')) * Number(db.pragma('page_size'))
  return Math.max(0, bytes - sizeOf(path))
}

/**
 * One sentence when fewer than `minFreeBytes` would be free beside `path` with all of the log in the file: a disk on which
 * it finds no room any more cannot even be emptied.
 */
export function shortageOf(db: Database, path: string, free: number, minFreeBytes: number): string | null {
  // The file does not grow by more than its log.
  if (free >= minFreeBytes && free - logBytes(path) >= minFreeBytes) return null
  const growth = growthOf(db, path)
  if (free - growth >= minFreeBytes) return null
  const needed = growth > 0 ? `, and its log needs ${growth} of them` : ''
  return (
    `Only ${free} bytes are free beside ${path}${needed}; new deliveries are refused below minFreeBytes ` +
    `(${minFreeBytes}).`
  )
}

/**
 * Empties the log of SQLite; not while somebody reads an earlier state of the file, who is not waited for. Outside of a
 * transaction.
 */
export function emptyLog(db: Database): void {
  const patience = Number(db.pragma('busy_timeout'))
  db.exec('PRAGMA busy_timeout = 0')
  const busy = db.pragma('wal_checkpoint(TRUNCATE)')
  db.exec(`PRAGMA busy_timeout = ${patience}`)
  if (busy === 0) db.run(sql.countPurge)
}
