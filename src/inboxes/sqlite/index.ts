/**
 * The embedded inbox: one SQLite file, owned by one process. Exported from `posthorn/sqlite`.
 *
 * What is accepted is synced to the disk before the sender gets its 200: it survives a crash of the process, of the
 * system, and a power cut, on a local disk that keeps what it says it has synced.
 */
import { resolve } from 'node:path'
import { OptionError, PosthornError } from '../../errors.ts'
import { nodeFault } from '../../lib/node-version.ts'
import { keysOf, knownKeys, shown } from '../../lib/options.ts'
import { port } from '../../lib/symbols.ts'
import type { Inbox } from '../../ports/inbox/index.ts'
import { SqliteInbox } from './main/inbox.ts'

export interface SqliteOptions {
  /**
   * The database file; made, with its directory, when it is missing. Beside it stand `-wal`, `-shm` and `-lock`. On a
   * local disk: network file systems do not keep the locks and syncs that this needs.
   */
  readonly path: string
  /** How long `start` waits for another process to let go of the file, in ms. Default 30_000; 0 does not wait. */
  readonly ownerWaitMs?: number
  /**
   * New deliveries are refused, and the sender keeps them, while fewer bytes than this are free on the disk, beside what
   * the log of SQLite needs when it is brought into the file: a full disk cannot even be emptied. Default 64 MiB; 0 turns
   * it off.
   */
  readonly minFreeBytes?: number
}

const MIB = 1024 * 1024
const KEYS = keysOf<SqliteOptions>({ path: true, ownerWaitMs: true, minFreeBytes: true })

/**
 * An inbox in a SQLite file. Nothing is opened before the receiver starts.
 * @example createReceiver({ inbox: sqlite({ path: './posthorn.db' }), sources })
 * @throws ERR_OPTION
 * @throws ERR_NODE_VERSION on a Node older than 22.18
 */
export function sqlite(options: SqliteOptions): Inbox {
  const fault = nodeFault('posthorn/sqlite')
  if (fault !== null) throw new PosthornError('ERR_NODE_VERSION', fault)
  knownKeys('sqlite', options, KEYS)
  const { path, ownerWaitMs = 30_000, minFreeBytes = 64 * MIB } = options
  const settings = {
    path: checkPath(path),
    ownerWaitMs: checkNumber('ownerWaitMs', ownerWaitMs),
    minFreeBytes: checkNumber('minFreeBytes', minFreeBytes),
    maxPages: null,
    cacheBytes: 32 * MIB,
  }
  return { kind: 'sqlite', [port]: new SqliteInbox(settings) }
}

function checkPath(path: unknown): string {
  if (typeof path !== 'string' || path.trim() === '' || path.includes('\0'))
    throw new OptionError(`sqlite: path must name a file, got ${shown(path)}`)
  if (path === ':memory:' || path.startsWith('file:'))
    throw new OptionError(`sqlite: path must name a file, got ${path}; for tests there is posthorn/memory`)
  return resolve(path)
}

function checkNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw new OptionError(`sqlite: ${name} must be a number ≥ 0, got ${shown(value)}`)
}
