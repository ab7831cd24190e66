/** The package as it is built, in a folder of its own or installed in an application. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** The folder of an application that has nothing yet. */
export const newApplication = (name: string) => mkdtempSync(join(realpathSync(tmpdir()), `posthorn-${name}-`))

/** @throws when it cannot be built; with what the build has written */
export async function build(out: string): Promise<void> {
  mkdirSync(out, { recursive: true })
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.ts'), out])
}

/**
 * Puts the package into the application as npm packs it: with what `files` names, and nothing else.
 * @throws when it cannot be built or packed; with what was written
 */
export async function installPacked(application: string, others: readonly string[]): Promise<void> {
  const staged = join(application, 'staged')
  await build(join(staged, 'dist'))
  for (const name of ['package.json', 'schemas', 'src', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(root, name), join(staged, name), { recursive: true })
  const run = promisify(execFile)
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent'], { cwd: staged })
  const installed = join(application, 'node_modules')
  mkdirSync(join(installed, 'posthorn'), { recursive: true })
  await run('tar', ['-xzf', join(staged, stdout.trim()), '--strip-components=1', '-C', join(installed, 'posthorn')])
  linkOurs(installed, others)
}

/** Puts the package into the application, and those of ours that it is to find beside it. */
export async function install(application: string, others: readonly string[]): Promise<void> {
  const installed = join(application, 'node_modules')
  await build(join(installed, 'posthorn/dist'))
  cpSync(join(root, 'package.json'), join(installed, 'posthorn/package.json'))
  cpSync(join(root, 'schemas'), join(installed, 'posthorn/schemas'), { recursive: true })
  linkOurs(installed, others)
}

function linkOurs(installed: string, names: readonly string[]): void {
  const modules = realpathSync(join(root, 'node_modules'))
  for (const name of names) {
    mkdirSync(dirname(join(installed, name)), { recursive: true })
    symlinkSync(join(modules, name), join(installed, name))
  }
}
