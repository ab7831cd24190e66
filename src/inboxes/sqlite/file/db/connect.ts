/** Opens the file, refuses what is not ours, and proves that the connection is as durable as the inbox promises. */
import { PosthornError } from '../../../../errors.ts'
import { isCorrupt } from '../../wire/failure.ts'
import { Database } from './database.ts'
import { createPrivately } from './files.ts'
import { ORDINARY_LOG_BYTES } from './log-size.ts'
import { APPLICATION_ID, migrations } from './migrations.ts'

/** A write lock of somebody else (a control tool) is waited for this long, in ms. */
const BUSY_TIMEOUT_MS = 500

/** The log of SQLite is brought into the file when it has grown by so many pages, 4 MB. */
export const CHECKPOINT_FRAMES = 1_024

/** First release without the WAL-reset bug (sqlite.org/wal.html, "The WAL-Reset Bug", Mar 2026). */
const SOUND_SQLITE = '3.51.3'

/** Releases of Node that have it, and no known hole: docs/operations.md and docs/threat-model.md name the same. */
export const SAFE_NODES = '22.23.2, 24.18.1 or 26.5.1'

export function connect(path: string, maxPages: number | null): Database {
  createPrivately(path)
  const db = new Database(path)
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    const version = assertOurs(db, path)
    // It has an effect only before the first table. Setting it again would write a page, and hide that one was lost.
    if (version === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL')
    configure(db, path)
    if (maxPages !== null) db.exec(`PRAGMA max_page_count = ${maxPages}`)
    migrate(db, version)
    // A file that may only be read is found out here, not at the first delivery.
    db.exec('BEGIN IMMEDIATE; ROLLBACK')
    return db
  } catch (error) {
    db.close()
    if (isCorrupt(error))
      throw new PosthornError('ERR_INBOX_CORRUPT', `${path} is damaged or not a database.`, { cause: error })
    throw error
  }
}

/** For a connection beside the owner's: the file must be an inbox of this release already. */
export function assertReadable(db: Database, path: string): void {
  const version = assertOurs(db, path)
  if (version === migrations.length) return
  if (version === 0)
    throw new PosthornError('ERR_INBOX_FOREIGN', `${path} is empty: no receiver has opened it as its inbox.`)
  throw new PosthornError(
    'ERR_INBOX_VERSION',
    `${path} has schema version ${version}, not ${migrations.length}: start the receiver with this release first.`,
  )
}

export function versionOf(db: Database): string {
  return db.get<{ version: string }>('SELECT sqlite_version() AS version')?.version ?? '0.0.0'
}

export function isSound(version: string): boolean {
  return !isOlder(version, SOUND_SQLITE)
}

/** What the operator should know about this release of SQLite. */
export function warningsAbout(version: string): string[] {
  if (isSound(version)) return []
  return [
    `SQLite ${version} is older than ${SOUND_SQLITE}: a known bug can damage the file under load; update Node to ${SAFE_NODES} at least`,
  ]
}

/** Reads only: a file of somebody else is left as it is. Returns the version of the schema, 0 for a new file. */
function assertOurs(db: Database, path: string): number {
  const id = db.pragma('application_id')
  const version = Number(db.pragma('user_version'))
  const empty = db.get('SELECT 1 FROM sqlite_schema LIMIT 1') === undefined
  if (id === 0 && empty) return 0
  if (id !== APPLICATION_ID)
    throw new PosthornError('ERR_INBOX_FOREIGN', `${path} is a database of another application.`)
  if (version > migrations.length)
    throw new PosthornError(
      'ERR_INBOX_VERSION',
      `${path} has schema version ${version}; this release knows up to ${migrations.length}. Use the newer release.`,
    )
  return version
}

function configure(db: Database, path: string): void {
  db.exec('PRAGMA journal_mode = WAL')
  db.exec('PRAGMA synchronous = FULL')
  // macOS: fsync alone leaves the bytes in the drive's cache. No effect elsewhere.
  db.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
  // The inbox checkpoints between groups: there a second connection may checkpoint too, and SQLite tells the log's length.
  db.exec(`PRAGMA wal_autocheckpoint = ${isSound(versionOf(db)) ? 0 : CHECKPOINT_FRAMES}`)
  // A log that a long read has made longer is truncated when it starts over.
  db.exec(`PRAGMA journal_size_limit = ${ORDINARY_LOG_BYTES}`)
  db.exec('PRAGMA trusted_schema = OFF')
  db.exec('PRAGMA temp_store = MEMORY')
  // In kB. The default of 2 MB does not hold the indexes of 100 000 deliveries, whose pages each delivery reads.
  db.exec('PRAGMA cache_size = -8000')
  // What is removed from a page is overwritten with it; pages that are free altogether are given back when it matters.
  db.exec('PRAGMA secure_delete = FAST')
  assertSetting(db, path, 'journal_mode', 'wal')
  assertSetting(db, path, 'synchronous', 2)
}

function assertSetting(db: Database, path: string, name: string, expected: string | number): void {
  const actual = db.pragma(name)
  if (actual === expected) return
  throw new PosthornError(
    'ERR_INBOX_IO',
    `${path}: ${name} is ${actual}, not ${expected}: this file system cannot hold an inbox.`,
  )
}

function migrate(db: Database, from: number): void {
  if (from === migrations.length) return
  db.begin()
  for (const step of migrations.slice(from)) db.exec(step)
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`)
  db.exec('COMMIT')
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number))
  for (let i = 0; i < 3; i++) if (a?.[i] !== b?.[i]) return (a?.[i] ?? 0) < (b?.[i] ?? 0)
  return false
}
