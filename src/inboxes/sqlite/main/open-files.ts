import { realpathSync } from 'node:fs'

/**
 * The files that inboxes of this process have open, in whatever copy of this package: two bundles have one each, and so
 * has every reload of a module.
 */
const OPEN_FILES = Symbol.for('posthorn.open-files.v1')

const everywhere: { [OPEN_FILES]?: Set<string> } = globalThis as object
everywhere[OPEN_FILES] ??= new Set()
const files = everywhere[OPEN_FILES]

/** Under this name, or under another that links have given it. */
export function isOpenHere(path: string): boolean {
  return files.has(path) || [...files].some((open) => truePath(open) === truePath(path))
}

/** The path itself where nothing is. */
function truePath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

export function noteOpen(path: string): void {
  files.add(path)
}

/** From here on an inbox that asks for the file waits for it. */
export function noteClosing(path: string): void {
  files.delete(path)
}
