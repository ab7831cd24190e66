/** Opens a file for reading, also one that this user cannot write: on a read-only disk, or of another user. */
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PosthornError } from '../../../../errors.ts'
import { assertReadable } from './connect.ts'
import { Database } from './database.ts'
import { sizeOf } from './files.ts'

/** The owner writes for no longer than this at a time, in ms. */
const BUSY_TIMEOUT_MS = 5_000

/** As `openBeside`, without a right to write. */
export function openToRead(path: string): Database {
  try {
    return openBeside(path, { readOnly: true })
  } catch (error) {
    if (!isStill(path)) throw error
    if (sizeOf(`${path}-wal`) === 0) return openBeside(path, { readOnly: true }, `${pathToFileURL(path)}?immutable=1`)
    throw new PosthornError(
      'ERR_INBOX_IO',
      `${path} cannot be read where it is: its log asks for ${path}-shm, which cannot be made in a folder that is read-only. ` +
        `Copy ${path} and ${path}-wal together into another folder, and look there.`,
      { cause: error },
    )
  }
}

/** Beside an owner. @throws ERR_INBOX_VERSION, ERR_INBOX_FOREIGN */
export function openBeside(path: string, options: { readonly readOnly: boolean }, at = path): Database {
  const db = new Database(at, options)
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    assertReadable(db, path)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** SQLite makes an index of its log beside the file before it reads; without one no owner has the file open. */
function isStill(path: string): boolean {
  if (existsSync(`${path}-shm`)) return false
  try {
    accessSync(dirname(path), constants.W_OK)
    return false
  } catch {
    return true
  }
}
