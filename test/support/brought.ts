/** Packages that are not the project's own, but of a folder with a lock file of its own. */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Whether `npm ci --prefix <folder>` has been run, as CI does: a test that needs the packages is skipped otherwise. */
export function areBrought(folder: string): boolean {
  const isThere = existsSync(join(folder, 'node_modules'))
  if (!isThere && process.env.CI) throw new Error(`npm ci --prefix ${relative(root, folder)}`)
  return isThere
}
