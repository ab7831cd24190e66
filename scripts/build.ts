/**
 * Builds `dist/`, or the folder given: ESM for each entry of the exports map, with what they share in chunks, and
 * declarations in `types/`, as the sources lie. A process pays for each file it loads, about half a millisecond: as many
 * files as there are sources made an import more than twice as long.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { build, type OutputOptions } from 'rolldown'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
}

const root = join(import.meta.dirname, '..')
const out = process.argv[2] === undefined ? join(root, 'dist') : resolve(process.argv[2])
const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Started by name: the command line, and the threads by src/inboxes/sqlite. Entries, so that their names are these. */
const PROGRAMS = {
  cli: 'src/cli/main.ts',
  'sqlite-worker': 'src/inboxes/sqlite/file/worker.ts',
  'sqlite-checkpoint-thread': 'src/inboxes/sqlite/file/checkpoint/checkpoint-thread.ts',
}

/** `{ momentum: 'src/providers/momentum/index.ts' }`: what is built is told by `default`, its source by `types`. */
function entries(): Record<string, string> {
  const built = Object.values(manifest.exports).filter((files) => typeof files !== 'string')
  return Object.fromEntries(built.map((files) => [basename(files.default, '.js'), sourceOf(files.types)]))
}

function sourceOf(types: string): string {
  return types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts')
}

/**
 * A chunk for each folder that several entries share. Left alone, rolldown makes one for each set of entries that share
 * something, twice as many, most of them of one small module. A group takes along what its modules import unless a group
 * before it has that: the order is that of the arrows between the folders. What is left goes into the file of the entry
 * that needs it, or into a chunk of its own when two do.
 */
const FOLDERS = {
  // Loaded by a Node that is too old for the rest.
  version: /^lib\/node-version\.ts$/,
  lib: /^((lib|json|http|providers\/kit|inboxes\/rules)\/|providers\/momentum\/raw-names\.ts$|errors\.ts$)/,
  // What `posthorn/read` needs of core: the rest would bring the receiver along.
  reading: /^core\/((base|read)\/|receive\/(body-rules|identity|route)\.ts$)/,
  core: /^core\//,
  auth: /^auth\//,
  // Before the providers, whose folders it shares: they run without it, and it without them.
  schemas: /^(zod\/(?!strict\/|tolerant\/|index)|providers\/\w+\/events)/,
  momentum: /^providers\/momentum\//,
  mailjet: /^providers\/mailjet\//,
  esputnik: /^providers\/esputnik\//,
  node: /^adapters\/(?!express|fastify)/,
  testing: /^testing\//,
  emulators: /^emulators\//,
}

const groups = Object.entries(FOLDERS).map(([name, folder]) => ({
  name,
  test: (id: string) => folder.test(relative(join(root, 'src'), id).replaceAll('\\', '/')),
}))

const output: OutputOptions = {
  dir: out,
  // All in one folder: a thread's file is beside the chunk that starts it, whichever chunk that is.
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[name].js',
  codeSplitting: { groups },
  minify: false,
  minifyInternalExports: false,
  sourcemap: true,
  // The sources are packed too.
  sourcemapExcludeSources: true,
}

rmSync(out, { recursive: true, force: true })
await build({
  cwd: root,
  input: { ...entries(), ...PROGRAMS },
  external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  platform: 'node',
  tsconfig: 'tsconfig.build.json',
  output,
  // A warning here is an import that leads nowhere, or worse.
  onLog: (level, log, handle) => handle(level === 'warn' ? 'error' : level, log),
})
chmodSync(join(out, 'cli.js'), 0o755)
// Built into cli.js; its licence wants to go along.
copyFileSync(join(root, 'node_modules/commander/LICENSE'), join(out, 'cli.commander-license.txt'))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const args = ['-p', 'tsconfig.build.json', '--outDir', join(out, 'types')]
execFileSync(process.execPath, [tsc, ...args], { cwd: root, stdio: 'inherit' })
