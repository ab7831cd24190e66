/** A folder with those above it. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from './code-of.ts'

/**
 * The folder is there when this returns; the answer is the topmost one that was made, undefined if none was. With its option
 * `recursive`, `mkdirSync` of Node 24 never returns where a parent takes no folder, such as /proc.
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  try {
    return makeOne(path, mode)
  } catch (error) {
    const parent = dirname(path)
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error
    const above = makeFolder(parent, mode)
    const own = makeOne(path, mode)
    return above ?? own
  }
}

function makeOne(path: string, mode: number): string | undefined {
  try {
    mkdirSync(path, { mode })
    return path
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined
    throw error
  }
}
