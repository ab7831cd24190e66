/** The package as npm packs it, installed in an application. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** How long `install` may take on a busy machine, where it packs first. */
export const PACKS_MS = 300_000

/** The folder of an application that has nothing yet. */
export const newApplication = (name: string) => mkdtempSync(join(realpathSync(tmpdir()), `posthorn-${name}-`))

/** @throws when it cannot be built; with what the build has written */
export async function build(out: string): Promise<void> {
  mkdirSync(out, { recursive: true })
  await run(process.execPath, [join(root, 'scripts/build.ts'), out])
}

/** What the package is made of, and what decides how it is built. */
const MADE_OF = ['package.json', 'tsconfig*.json', '*.md', 'LICENSE', 'llms.txt', 'scripts/build.ts']
const FOLDERS = ['docs', 'examples', 'ops', 'schemas', 'src']
const isOurs = (path: string) => !/node_modules|\.output|\.nitro|\.next/.test(path)

/**
 * The folder with the package as npm packs it from these sources, with what `files` names and nothing else: made by
 * whoever asks first, for all processes of the tests; the others wait. Not to be written to.
 * @throws when it cannot be built or packed; with what was written
 */
export async function packed(): Promise<string> {
  const cache = join(root, 'node_modules/.cache/packed')
  const folder = join(cache, hashOfSources())
  mkdirSync(cache, { recursive: true })
  removeOthers(cache, folder)
  while (!existsSync(folder))
    if (takes(`${folder}.lock`))
      try {
        if (!existsSync(folder)) await pack(folder)
      } finally {
        rmSync(`${folder}.lock`, { force: true })
      }
    else await setTimeout(100)
  return folder
}

/** Those of earlier sources; one that a test may still read stays. */
function removeOthers(cache: string, folder: string): void {
  const hourAgo = Date.now() - 3_600_000
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (path.startsWith(folder)) continue
    const at = statSync(path, { throwIfNoEntry: false })?.ctimeMs
    if (at !== undefined && at < hourAgo) rmSync(path, { recursive: true, force: true })
  }
}

/** Whether this process has the lock now. One that was killed leaves it to the next. */
function takes(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (!isAlive(lock)) rmSync(lock, { force: true })
    return false
  }
}

function isAlive(lock: string): boolean {
  try {
    return process.kill(Number(readFileSync(lock, 'utf8')), 0)
  } catch {
    return false
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256')
  const files = globSync([...MADE_OF, ...FOLDERS.map((folder) => `${folder}/**/*.*`)], { cwd: root })
  for (const file of files.filter(isOurs).sort()) {
    const bytes = readFileSync(join(root, file), { flag: 'r' })
    hash.update(`${file} ${bytes.length} `).update(bytes)
  }
  return hash.digest('hex')
}

/** Built beside it, so that `dist` of the project may be older, or being built. */
async function pack(folder: string): Promise<void> {
  const making = mkdtempSync(`${folder}-`)
  const staged = join(making, 'staged')
  await build(join(staged, 'dist'))
  for (const name of [...globSync(['package.json', '*.md', 'LICENSE', 'llms.txt'], { cwd: root }), ...FOLDERS])
    cpSync(join(root, name), join(staged, name), { recursive: true, filter: isOurs })
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent'], { cwd: staged })
  await run('tar', ['-xzf', join(staged, stdout.trim()), '-C', making])
  renameSync(join(making, 'package'), folder)
  rmSync(making, { recursive: true })
}

/** Puts the package into the application, and those of ours that it is to find beside it. */
export async function install(application: string, others: readonly string[]): Promise<void> {
  const installed = join(application, 'node_modules')
  cpSync(await packed(), join(installed, 'posthorn'), { recursive: true })
  const modules = realpathSync(join(root, 'node_modules'))
  for (const name of others) {
    mkdirSync(dirname(join(installed, name)), { recursive: true })
    symlinkSync(join(modules, name), join(installed, name))
  }
}
