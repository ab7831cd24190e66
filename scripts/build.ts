/**
 * Builds `dist/`, or the folder given: ESM for each entry of the exports map, with what they share in chunks, and
 * declarations in `types/`, as the sources lie. A process pays for each file it loads, about half a millisecond: as many
 * files as there are sources made an import more than twice as long.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { build, type OutputOptions, type RolldownOutput } from 'rolldown'
import { bundling, threads } from './threads.ts'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
}

const root = join(import.meta.dirname, '..')
const out = process.argv[2] === undefined ? join(root, 'dist') : resolve(process.argv[2])
const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

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
  // Code of threads loads node:worker_threads, and that of folders node:fs, which readers of bodies do not need.
  lib: /^((lib(?!\/(thread-code|make-folder)\.ts)|json|http|providers\/kit(?!\/(fresh|samples|sender)\.ts)|inboxes\/rules)\/|providers\/momentum\/raw-names\.ts$|errors\.ts$)/,
  // What `posthorn/read` needs of core: the rest would bring the receiver along.
  reading: /^core\/((base|read)\/|receive\/(body-rules|identity|route)\.ts$)/,
  core: /^core\//,
  auth: /^auth\//,
  // Before the providers, whose folders it shares: they run without it, and it without them.
  schemas: /^(zod\/(?!strict\/|tolerant\/|index)|providers\/\w+\/events)/,
  ...Object.fromEntries(
    // Samples are for `posthorn/testing` and the command line.
    readdirSync(join(root, 'src/providers'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => [name, new RegExp(`^providers/${name}/(?!sample|sender)`)]),
  ),
  node: /^adapters\/(?!express|fastify)/,
  alerts: /^alerts\//,
  dashboard: /^dashboard\//,
  // Metrics, which several entries show.
  telemetry: /^telemetry\//,
  testing: /^(testing|providers)\//,
  emulators: /^emulators\//,
  clients: /^clients\//,
  forwarders: /^forwarders\/kit\//,
}

const groups = Object.entries(FOLDERS).map(([name, folder]) => ({
  name,
  test: (id: string) => folder.test(relative(join(root, 'src'), id).replaceAll('\\', '/')),
}))

const output: OutputOptions = {
  dir: out,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[name].js',
  codeSplitting: { groups },
  minify: false,
  minifyInternalExports: false,
  sourcemap: true,
  // The sources are packed too, beside `dist`, wherever this is built.
  sourcemapExcludeSources: true,
  sourcemapPathTransform: (source, map) => relative(join(root, 'dist'), resolve(dirname(map), source)),
  sourcemapIgnoreList: (source, map) => resolve(dirname(map), source).startsWith(join(root, 'node_modules')),
}

rmSync(out, { recursive: true, force: true })
const built = await build({
  cwd: root,
  // The command line, and the receiver of its demo, are entries, so that their names are these.
  input: { ...entries(), cli: 'src/cli/main.ts', 'demo-receiver': 'src/cli/demo-receiver.ts' },
  plugins: [threads],
  external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  platform: 'node',
  tsconfig: 'tsconfig.build.json',
  output,
  ...bundling,
})
chmodSync(join(out, 'cli.js'), 0o755)
writeFileSync(join(out, 'third-party-licenses.txt'), licences(modulesOf(built.output)))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const args = ['-p', 'tsconfig.build.json', '--outDir', join(out, 'types')]
execFileSync(process.execPath, [tsc, ...args], { cwd: root, stdio: 'inherit' })
keepDeclarationsOfEntries()

/** Without those that no entry leads to, such as those of the command line; their maps lead to the packed sources. */
function keepDeclarationsOfEntries(): void {
  const types = join(out, 'types')
  const entries = Object.values(manifest.exports).flatMap((files) => (typeof files === 'string' ? [] : [files.types]))
  const reached = new Set(entries.map((entry) => join(types, entry.replace('./dist/types/', ''))))
  for (const file of reached)
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
      const declaration = resolve(dirname(file), path.replace(/\.[jt]s$/, '.d.ts'))
      if (existsSync(declaration)) reached.add(declaration)
    }
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    const file = join(types, name)
    if (name.endsWith('.d.ts') && !reached.has(file)) rmSync(file)
    if (!name.endsWith('.map')) continue
    if (!reached.has(file.replace(/\.map$/, ''))) {
      rmSync(file)
      continue
    }
    const map = JSON.parse(readFileSync(file, 'utf8'))
    const source = join(root, 'src', name.replace(/\.d\.ts\.map$/, '.ts'))
    const from = join(root, 'dist/types', dirname(name))
    writeFileSync(file, JSON.stringify({ ...map, sources: [relative(from, source)] }))
  }
  removeEmpty(types)
}

function removeEmpty(folder: string): void {
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries) if (entry.isDirectory()) removeEmpty(join(folder, entry.name))
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
}

function modulesOf(output: RolldownOutput['output']): string[] {
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
}

/** Of the packages that something was built in of: their licences want to go along. */
function licences(modules: readonly string[]): string {
  const folders = modules.flatMap((id) => /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? [])
  return [...new Set(folders)].sort().map(licenceOf).join('\n\n')
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  if (file === undefined) throw new Error(`${name} has no licence to go along`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
}
