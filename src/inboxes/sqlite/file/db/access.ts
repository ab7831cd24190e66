/** Completes SQLite's error "unable to open database file": which file, why, who owns it, and which user asks. */
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Returns one clause, empty where every file is accessible. Uses access(2): opening and closing one of the files would
 * drop the locks that this process holds on it (POSIX fcntl).
 */
export function faultOf(path: string): string {
  const folder = existing(dirname(path))
  for (const file of [folder, path, `${path}-wal`, `${path}-shm`, `${path}-lock`]) {
    const code = refusal(file, file === folder)
    if (code !== null) return `${code} on ${file}${ownerOf(file)}`
  }
  const code = codeOf(() => closeSync(openSync(folder, 'r')))
  return code === null ? '' : `${code} on ${folder}`
}

/** The directory, or where it does not exist, the nearest one above it, in which it will be made. */
function existing(folder: string): string {
  let at = folder
  while (codeOf(() => accessSync(at)) === 'ENOENT' && dirname(at) !== at) at = dirname(at)
  return at
}

function refusal(file: string, isFolder: boolean): string | null {
  const { R_OK, W_OK, X_OK } = constants
  const code = codeOf(() => accessSync(file, isFolder ? R_OK | W_OK | X_OK : R_OK | W_OK))
  if (code === 'ENOENT') return null
  return code ?? (!isFolder && statSync(file).isDirectory() ? 'EISDIR' : null)
}

function ownerOf(file: string): string {
  const [found, uid] = [statSync(file, { throwIfNoEntry: false }), process.geteuid?.()]
  if (found === undefined || uid === undefined) return ''
  const mode = (found.mode & 0o7777).toString(8)
  return `, which belongs to uid ${found.uid}, gid ${found.gid} (mode ${mode}); this process runs as uid ${uid}`
}

/** The code of the error; null: none. */
function codeOf(run: () => void): string | null {
  try {
    run()
    return null
  } catch (error) {
    return String((error as { readonly code?: unknown }).code)
  }
}
