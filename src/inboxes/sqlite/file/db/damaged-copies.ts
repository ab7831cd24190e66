/**
 * Copies of damaged logs that an opening has kept, `<path>-wal-damaged-<time>`: what stands in them may be the only copy of
 * what was acknowledged, and holds what was erased since.
 */
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const markOf = (path: string): string => `${path}-wal-damaged-`

/** A sentence for the operator. */
export function keepCopy(path: string, now: number): string {
  const copy = `${markOf(path)}${now}`
  try {
    copyFileSync(`${path}-wal`, copy)
    return `What was found is kept as ${copy}.`
  } catch {
    return 'What was found could not be copied.'
  }
}

/** The copies made at or before this time. */
export function findCopies(path: string, upTo = Number.POSITIVE_INFINITY): string[] {
  const mark = basename(markOf(path))
  const made = (name: string) => (name.startsWith(mark) ? Number(name.slice(mark.length) || Number.NaN) : Number.NaN)
  const names = readdirSync(dirname(path)).filter((name) => made(name) <= upTo)
  return names.sort().map((name) => join(dirname(path), name))
}

/** Removes them; returns those that could not be removed. */
export function removeCopies(copies: readonly string[]): string[] {
  return copies.filter((copy) => !isRemoved(copy))
}

function isRemoved(copy: string): boolean {
  try {
    rmSync(copy, { force: true })
    return true
  } catch {
    return false
  }
}
