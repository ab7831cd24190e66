/** The files of an inbox: made for the owner alone, and found under one name by every process. */
import { closeSync, fsyncSync, lstatSync, openSync, readlinkSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { PosthornError } from '../../../../errors.ts'
import { makeFolder } from '../../../../lib/make-folder.ts'

/** Linux follows at most so many links (path_resolution(7)). */
const MOST_LINKS = 40

/**
 * The true path, so that two names of one file mean one owner: of a link to a file that is not there yet, too. Makes the
 * directory, for its owner alone, when it is missing.
 */
export function preparePath(path: string): string {
  let at = inRealFolder(path)
  for (let links = 0; isLink(at); links++) {
    if (links === MOST_LINKS) throw new PosthornError('ERR_INBOX_IO', `${path} is a link that leads nowhere.`)
    at = inRealFolder(resolve(dirname(at), readlinkSync(at)))
  }
  return at
}

function inRealFolder(path: string): string {
  const folder = dirname(path)
  const made = makeFolder(folder, 0o700)
  if (made !== undefined) syncUpFrom(folder, dirname(made))
  return join(realpathSync(folder), basename(path))
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/**
 * Two names of one file (hard links) are two logs of SQLite, and each of two owners writes over what the other has
 * acknowledged (sqlite.org/howtocorrupt.html, section 2.5, Nov 2026).
 */
export function assertOneName(path: string): void {
  const { nlink } = statSync(path)
  if (nlink <= 1) return
  throw new PosthornError(
    'ERR_INBOX_IO',
    `${path} has ${nlink} names (hard links): under each of them it would have another log, and another owner. ` +
      'Remove the others; receiver.inbox.backup() makes copies.',
  )
}

/**
 * Makes an empty file that only its owner can read, unless it is there. Never opens one that is there: closing a
 * second descriptor would drop the locks this process holds on it (POSIX fcntl).
 */
export function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
  }
}

/** One sentence when others than the owner may read or write a file that was there before. */
export function warningsAboutMode(path: string): string[] {
  const mode = statSync(path).mode & 0o777
  if (process.platform === 'win32' || (mode & 0o077) === 0) return []
  return [`${path} is open to other users (mode ${mode.toString(8)}), and it holds addresses: chmod 600 it`]
}

/** Bytes an ordinary user can still write beside `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize
}

/** A directory that was just made is only there after a power cut when the one above it was synced. */
function syncUpFrom(folder: string, top: string): void {
  if (process.platform === 'win32') return
  for (let at = folder; ; at = dirname(at)) {
    const descriptor = openSync(at, 'r')
    fsyncSync(descriptor)
    closeSync(descriptor)
    if (at === top || at === dirname(at)) return
  }
}

/**
 * What a file is, whatever its name: changes when it is deleted and made anew, or another is moved in its place. null:
 * there is none.
 */
export function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? null : `${found.dev}:${found.ino}`
}

/** Without the device, whose number can be another one when the machine has started again. */
export const inodeOf = (path: string): string => `${statSync(path, { bigint: true }).ino}`

/** Size in bytes; 0: there is no file. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
