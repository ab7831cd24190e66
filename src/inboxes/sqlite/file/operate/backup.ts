/**
 * Copies the file as it is at one moment, with what stands in its WAL: over a connection that only reads, so that no
 * group waits for it.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OptionError } from '../../../../errors.ts'
import { isOfWriting, toError, toFailure } from '../../wire/failure.ts'
import { faultOf } from '../db/access.ts'
import { Database } from '../db/database.ts'
import { noteClosed } from '../db/upkeep-sql.ts'

/**
 * The copy has another name until it is whole and on stable storage. Returns its size in bytes.
 * @throws ERR_INBOX_FULL, ERR_INBOX_IO of the copy, where it cannot be written
 */
export function backUp(db: Database, to: string): number {
  try {
    return copied(db, to)
  } catch (error) {
    throw isOfWriting(error) ? toError(toFailure(error, to, faultOf)) : error
  }
}

function copied(db: Database, to: string): number {
  const part = `${to}-part`
  assertFree(to, part)
  try {
    // SQLite treats an empty file as a new one, and keeps its mode.
    db.run('VACUUM INTO ?', part)
    closeInOrder(part)
    sync(part)
    assertFree(to)
    renameSync(part, to)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
  sync(dirname(to))
  return statSync(to).size
}

/** Throws where a path exists; creates `part`. */
function assertFree(to: string, part?: string): void {
  if (existsSync(to)) throw new OptionError(`inbox.backup: ${to} is there already: it takes a path where nothing is`)
  if (part === undefined) return
  if (!existsSync(dirname(to))) throw new OptionError(`inbox.backup: there is no folder ${dirname(to)}`)
  if (existsSync(part))
    throw new OptionError(`inbox.backup: ${part} is there: another backup is under way, or was broken off and left it`)
  closeSync(openSync(part, 'wx', 0o600))
}

/** Marks the copy as closed in order: an opening would else warn that it was copied without its log. */
function closeInOrder(path: string): void {
  const db = new Database(path)
  try {
    db.run(noteClosed)
  } finally {
    db.close()
  }
}

function sync(path: string): void {
  // A directory cannot be synced on Windows.
  if (process.platform === 'win32') return
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
