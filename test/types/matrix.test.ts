import { execFile } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { install, newApplication } from '../support/installed.ts'

const root = join(import.meta.dirname, '../..')
const modules = realpathSync(join(root, 'node_modules'))
const folder = newApplication('types')
const MINUTES = 60_000

/** Those that import what a user imports. */
const ownTests = globSync('*.ts', { cwd: import.meta.dirname, exclude: ['*.test.ts'] }).filter(
  (file) => !readFileSync(join(import.meta.dirname, file), 'utf8').includes("from '../"),
)

interface Ended {
  readonly code: number
  readonly output: string
}

/** With the exit code, and all that was written. */
function ends(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    )
  })
}

/** A project of somebody who has installed the package as it is built: the examples, and our own tests of the types. */
beforeAll(async () => {
  await install(folder, [
    '@types',
    '@hono',
    '@nats-io',
    '@opentelemetry',
    'ajv',
    'amqplib',
    'bullmq',
    'express',
    'fastify',
    'hono',
    'fastify-plugin',
    'ioredis',
    'prom-client',
    'redis',
    'valibot',
    'zod',
  ])
  const isOurs = (path: string) => !path.includes('node_modules')
  cpSync(join(root, 'examples'), folder, { recursive: true, filter: isOurs })
  mkdirSync(join(folder, 'own'))
  for (const file of ownTests) cpSync(join(import.meta.dirname, file), join(folder, 'own', file))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  writeFileSync(join(folder, 'entries.ts'), everyEntry())
}, 5 * MINUTES)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Declarations of other packages are theirs: Hono's need the DOM. */
function errorsIn(output: string): string[] {
  return output.split('\n').filter((line) => /error/i.test(line) && !line.startsWith(relative(folder, modules)))
}

/** A program that loads every entry of the exports map. */
function everyEntry(): string {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.keys(exports).filter((entry) => !/json$|\*/.test(entry))
  return entries.map((entry, n) => `import * as e${n} from '${entry.replace('.', 'posthorn')}'\nvoid e${n}\n`).join('')
}

const COMPILERS = [
  ['5.9', 'typescript5'],
  ['6.0', 'typescript6'],
  ['7.0', 'typescript'],
] as const

describe.each(COMPILERS)('TypeScript %s', (version, name) => {
  const tsc = (...args: string[]) => ends(join(modules, name, 'bin/tsc'), ...args)

  it('is the compiler it says', async () => {
    expect(await tsc('--version')).toEqual({ code: 0, output: expect.stringContaining(`Version ${version}.`) })
  })

  // The own tests expect errors too, so a package whose types are lost does not pass.
  it(
    'takes the examples, our own tests of the types, and every declaration they reach',
    async () => {
      const { code, output } = await tsc('-p', '.')
      expect(errorsIn(output)).toEqual([])
      expect(code).toBeLessThanOrEqual(2)
    },
    5 * MINUTES,
  )
})

/** Settings of the compiler, and whether a file of CommonJS finds all types with them: the table in docs/hosts.md. */
const SETTINGS = [
  [{ module: 'nodenext' }, true],
  [{ module: 'node20' }, true],
  [{ module: 'preserve', moduleResolution: 'bundler' }, true],
  [{ module: 'node16' }, false],
] as const

/** TypeScript 7 has it no more. */
const NODE10 = { module: 'commonjs', moduleResolution: 'node10' }

describe('in a file of CommonJS', () => {
  const ofCommonJs = { noEmit: true, strict: true, skipLibCheck: true, target: 'es2022', types: ['node'] }
  let projects = 0

  async function errorsWith(compiler: string, settings: object): Promise<string[]> {
    const project = join(folder, `tsconfig.cts-${++projects}.json`)
    const compilerOptions = { ...ofCommonJs, ...settings }
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ['all.cts'] }))
    return errorsIn((await ends(join(modules, compiler, 'bin/tsc'), '-p', project)).output)
  }

  beforeAll(() => writeFileSync(join(folder, 'all.cts'), everyEntry() + USE))

  it.each(COMPILERS.flatMap(([version, name]) => SETTINGS.map((setting) => [version, ...setting, name] as const)))(
    'TypeScript %s with %j: %s',
    async (_version, settings, finds, name) => {
      const errors = await errorsWith(name, settings)
      if (finds) expect(errors).toEqual([expect.stringContaining(WRONG_USE)])
      else expect(errors).toEqual(expect.arrayContaining([expect.stringContaining('TS1479')]))
    },
    MINUTES,
  )

  it.each([
    ['5.9', NODE10, 'typescript5'],
    ['6.0', { ...NODE10, ignoreDeprecations: '6.0' }, 'typescript6'],
  ])(
    'TypeScript %s with %j',
    async (_version, settings, name) => {
      expect(await errorsWith(name, settings)).toEqual([expect.stringContaining(WRONG_USE)])
    },
    MINUTES,
  )
})

/** One error, so that a package whose types are lost does not pass. */
const USE = `
const receiver = e0.createReceiver({ inbox: {} as e0.Inbox, sources: {} as { shop: e0.Source<e0.AnyEvent> } })
receiver.on('*', (event) => { const wrong: number = event.id; void wrong })
`
const WRONG_USE = "error TS2322: Type 'string' is not assignable to type 'number'."

describe('the examples', () => {
  it('are held beside our own tests of the types', () => {
    expect(ownTests).toEqual(
      expect.arrayContaining(['metadata.ts', 'read.ts', 'receiver.ts', 'schemas.ts', 'testing.ts']),
    )
  })

  it('name what they import by the name of the package', () => {
    const files = globSync('*.ts', { cwd: join(root, 'examples') })
    expect(files.length).toBeGreaterThan(14)
    for (const file of files)
      expect(readFileSync(join(root, 'examples', file), 'utf8'), file).not.toMatch(/from '\.\.?\//)
  })

  it('of testing a handler passes on the package as built', async () => {
    const { code, output } = await ends('--test', '--test-reporter=tap', join(folder, 'handler.test.ts'))
    expect([code, output]).toEqual([0, expect.stringMatching(/^# pass 3$/m)])
  })
})
