/** The files of an inbox: made for the owner alone, and found under one name by every process. */
import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The true path, so that two names of one file mean one owner. Makes the directory, for its owner alone, when it is missing. */
export function preparePath(path: string): string {
  const folder = dirname(path)
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (made !== undefined) syncUpFrom(folder, dirname(made))
  try {
    return realpathSync(path)
  } catch {
    return join(realpathSync(folder), basename(path))
  }
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

/** What a file is, whatever its name: changes when it is deleted and made anew, or another is moved in its place. */
export function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true })
  return `${dev}:${ino}`
}

/** One sentence when fewer than `minFreeBytes` are free beside `path`. */
export function shortageOf(path: string, free: number, minFreeBytes: number): string | null {
  if (free >= minFreeBytes) return null
  return `Only ${free} bytes are free beside ${path}; new deliveries are refused below minFreeBytes (${minFreeBytes}).`
}
