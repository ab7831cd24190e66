/** What an installation brings along: packages, and bytes on disk without the blocks they fill. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Weight {
  readonly packages: number
  readonly bytes: number
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '../..')

/** Ours as it is packed, with everything it depends on. */
export function weightOfPosthorn(): Weight {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [packed] = Object.values(
    JSON.parse(execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] }).toString()),
  )
  const { unpackedSize } = packed as { unpackedSize: number }
  const others = weightOf(Object.keys(manifestOf(root).dependencies ?? {}))
  return { packages: others.packages + 1, bytes: others.bytes + unpackedSize }
}

/** The packages of these names as they are installed here, each once, with everything they depend on. */
export function weightOf(names: readonly string[]): Weight {
  const found = new Set<string>()
  for (const name of names) gather(name, root, found)
  const bytes = [...found].reduce((sum, folder) => sum + sizeOf(folder), 0)
  return { packages: found.size, bytes }
}

function gather(name: string, from: string, found: Set<string>): void {
  const folder = folderOf(name, from)
  if (found.has(folder)) return
  found.add(folder)
  for (const dependency of Object.keys(manifestOf(folder).dependencies ?? {})) gather(dependency, folder, found)
}

/** As Node looks for it: in `node_modules` here, then further up. */
function folderOf(name: string, from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(join(folder, 'package.json'))) return realpathSync(folder)
    if (at === dirname(at)) throw new Error(`${name} is not installed`)
  }
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

function sizeOf(folder: string): number {
  const files = globSync('**/*', { cwd: folder, exclude: ['node_modules'], withFileTypes: true })
  return files
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
