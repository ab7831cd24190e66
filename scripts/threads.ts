/** Puts the program of each thread in place of its file: for the build, and for tests, whose threads start in half the time. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build, type InputOptions, type Plugin } from 'rolldown'

const root = join(import.meta.dirname, '..')

/**
 * A module that says which file a thread runs, by that file. Whoever bundles this package, or an application with it,
 * leaves no file beside the bundle; so the module says the thread's program itself, which needs Node alone.
 */
const THREADS: Readonly<Record<string, string>> = {
  'src/inboxes/sqlite/file/checkpoint/checkpoint-thread.ts': 'src/inboxes/sqlite/file/checkpoint/worker.ts',
  'src/inboxes/postgres/lease/lease-thread.ts': 'src/inboxes/postgres/lease/worker.ts',
  'src/inboxes/sqlite/main/inbox-thread.ts': 'src/inboxes/sqlite/file/worker.ts',
}

/** A warning is an import that leads nowhere, or worse. How long a plugin takes is no fault of what it builds. */
export const bundling: Pick<InputOptions, 'checks' | 'onLog'> = {
  checks: { pluginTimings: false },
  onLog: (level, log, handle) => handle(level === 'warn' ? 'error' : level, log),
}

/** The modules of `THREADS` with the programs in place of the files. */
export const threads: Plugin = {
  name: 'threads',
  load: {
    filter: { id: /-thread\.ts$/ },
    handler: async (id) => withText(id, await programOf(THREADS[moduleOf(id)] ?? '')),
  },
}

function moduleOf(id: string): string {
  return relative(root, id).replaceAll('\\', '/')
}

/** What the module exports has that text as its value. */
function withText(id: string, text: string): string {
  const name = readFileSync(id, 'utf8').match(/export const (\w+): ThreadCode/)?.[1]
  if (name === undefined) throw new Error(`${id} exports no ThreadCode.`)
  return `export const ${name} = ${JSON.stringify(text)}`
}

/** CommonJS: the only kind of text that every Node takes for a thread. */
async function programOf(file: string): Promise<string> {
  const { output } = await build({
    cwd: root,
    input: file,
    platform: 'node',
    tsconfig: 'tsconfig.build.json',
    plugins: [threads],
    output: { format: 'cjs', codeSplitting: false, minify: false, comments: false },
    write: false,
    ...bundling,
  })
  if (output.length !== 1) throw new Error(`${file} is built into ${output.length} files.`)
  return `${output[0].code}\n//# sourceURL=posthorn/${relative('src', file)}`
}
