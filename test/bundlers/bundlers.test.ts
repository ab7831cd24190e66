/** The package in an application that is bundled: nothing of it may need a file beside the bundle. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { areBrought } from '../support/brought.ts'
import { install, newApplication, PACKS_MS } from '../support/installed.ts'

const here = import.meta.dirname
const installed = join(here, 'node_modules')
const bin = (name: string) => join(installed, '.bin', name)
/** Away from our sources and our tsconfig.json, which bundlers would take. */
const application = newApplication('bundlers')
/** Where a bundle finds no package. */
const away = newApplication('bundled')

/** Each bundles run.mjs into `out`, which has `main.mjs` or `main.cjs` then. */
const BUNDLERS: Readonly<Record<string, (out: string) => Promise<string>>> = {
  'esbuild, ESM': (out) => esbuild(out, 'esm', 'main.mjs'),
  'esbuild, CommonJS': (out) => esbuild(out, 'cjs', 'main.cjs'),
  rollup: (out) => configured(out, 'rollup', ROLLUP, ['--config']),
  webpack: (out) => scripted(out, WEBPACK),
  vite: (out) => scripted(out, VITE),
  ncc: (out) => ncc(out),
}

const ROLLUP = (out: string) => `
import commonjs from '@rollup/plugin-commonjs'
import { nodeResolve } from '@rollup/plugin-node-resolve'
export default {
  input: 'run.mjs',
  external: /^node:/,
  plugins: [nodeResolve({ exportConditions: ['node'] }), commonjs()],
  output: { file: ${JSON.stringify(join(out, 'main.mjs'))}, format: 'es', inlineDynamicImports: true },
}`

const WEBPACK = (out: string) => `
import webpack from 'webpack'
const options = {
  mode: 'production',
  target: 'node',
  entry: './run.mjs',
  output: { path: ${JSON.stringify(out)}, filename: 'main.cjs' },
}
webpack(options, (error, stats) => {
  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString())
})`

const VITE = (out: string) => `
import { build } from 'vite'
await build({
  logLevel: 'error',
  ssr: { noExternal: true },
  build: { ssr: 'run.mjs', outDir: ${JSON.stringify(out)}, rollupOptions: { output: { entryFileNames: 'main.mjs' } } },
})`

async function inApplication(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, args, { cwd: application })
}

async function esbuild(out: string, format: string, name: string): Promise<string> {
  const args = ['run.mjs', '--bundle', '--platform=node', `--format=${format}`, `--outfile=${join(out, name)}`]
  await inApplication(bin('esbuild'), args)
  return name
}

async function configured(out: string, name: string, text: (out: string) => string, args: string[]): Promise<string> {
  const config = join(application, `${name}.config.mjs`)
  writeFileSync(config, text(out))
  await inApplication(bin(name), [...args, config])
  return 'main.mjs'
}

async function scripted(out: string, text: (out: string) => string): Promise<string> {
  const script = join(application, `build-${text === VITE ? 'vite' : 'webpack'}.mjs`)
  writeFileSync(script, text(out))
  await inApplication(process.execPath, [script])
  return text === VITE ? 'main.mjs' : 'main.cjs'
}

async function ncc(out: string): Promise<string> {
  await inApplication(bin('ncc'), ['build', 'run.mjs', '--out', out])
  return existsSync(join(out, 'index.mjs')) ? 'index.mjs' : 'index.js'
}

async function runBundle(file: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: away })
  return stdout + stderr
}

// Not installed with the package: `npm ci --prefix test/bundlers` brings them.
describe.skipIf(!areBrought(here))('the package in an application that is bundled', () => {
  beforeAll(async () => {
    for (const file of ['program.mjs', 'run.mjs']) cpSync(join(here, file), join(application, file))
    await install(application, ['fastify-plugin', 'jose'])
    const modules = join(application, 'node_modules')
    for (const name of readdirSync(installed)) {
      if (!existsSync(join(modules, name))) symlinkSync(join(installed, name), join(modules, name))
    }
  }, PACKS_MS)

  afterAll(() => {
    for (const folder of [application, away]) rmSync(folder, { recursive: true, force: true })
  })

  it('runs as it is', async () => {
    expect(await runBundle(join(application, 'run.mjs'))).toBe('200 momentum.click\n')
  })

  it.each(Object.entries(BUNDLERS))(
    '%s',
    async (name, bundle) => {
      const out = join(away, name.replaceAll(/\W+/g, '-'))
      mkdirSync(out)
      const main = await bundle(out)
      expect(await runBundle(join(out, main))).toBe('200 momentum.click\n')
    },
    120_000,
  )

  it('is told when two bundles of one process have it', async () => {
    writeFileSync(join(application, 'twice.mjs'), TWICE)
    const bundles = ['one.mjs', 'two.mjs'].map((name) => join(away, name))
    for (const file of bundles) {
      await inApplication(bin('esbuild'), [
        'twice.mjs',
        '--bundle',
        '--platform=node',
        '--format=esm',
        `--outfile=${file}`,
      ])
    }
    const program = join(away, 'both.mjs')
    writeFileSync(program, bundles.map((file, at) => `import { open as open${at} } from '${file}'`).join('\n') + BOTH)
    expect(await runBundle(program)).toContain('open in this process already')
  })

  it('tells where it failed inside, in a bundle too', async () => {
    writeFileSync(join(application, 'fails.mjs'), FAILS)
    const out = join(away, 'fails.cjs')
    await inApplication(bin('esbuild'), [
      'fails.mjs',
      '--bundle',
      '--platform=node',
      '--format=cjs',
      `--outfile=${out}`,
    ])
    const { status, frames } = JSON.parse(await runBundle(out))
    expect(status).toBe(500)
    expect(frames).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(async )?receive\d* \(.*fails\.cjs:\d+:\d+\)$/)]),
    )
  })

  it(
    'Jest, transformed to CommonJS by swc',
    async () => {
      writeFileSync(join(application, 'program.test.mjs'), JEST)
      writeFileSync(join(application, 'jest.config.json'), JSON.stringify(JEST_CONFIG))
      await inApplication(bin('jest'), ['--config', 'jest.config.json', '--runInBand'])
    },
    PACKS_MS,
  )
})

const TWICE = `
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'
const sources = { shop: momentum({ auth: token('a token of some length') }) }
export function open(path) {
  return createReceiver({ sources, inbox: sqlite({ path }), logger: false })
}`

/** A value of a header that no host has. */
const FAILS = `
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
let frames
const logger = { info() {}, warn() {}, error: (facts) => (frames = facts.frames) }
const sources = { shop: momentum({ auth: token('a token of some length') }) }
const receiver = createReceiver({ sources, inbox: memory(), logger })
const headers = [['x-messagesystems-webhook-token', {}]]
receiver.handle({ method: 'POST', url: 'http://localhost/shop', headers, body: null }).then(async ({ status }) => {
  await receiver.close()
  console.log(JSON.stringify({ status, frames }))
})`

const BOTH = `
import { rmSync } from 'node:fs'
const [one, two] = [open0, open1].map((open) => open('./twice/inbox.db'))
await one.start()
await two.start().catch((error) => console.log(error.message))
await Promise.all([one.close(), two.close()])
rmSync('./twice', { recursive: true })`

const JEST = `
import { main } from './program.mjs'
test('takes a post', async () => {
  expect(await main()).toBe('200 momentum.click')
})`

const swc = ['@swc/jest', { module: { type: 'commonjs' }, jsc: { target: 'es2023' } }]
const JEST_CONFIG = {
  testMatch: ['**/*.test.mjs'],
  moduleFileExtensions: ['mjs', 'js'],
  transform: { '\\.m?js$': swc },
  transformIgnorePatterns: [],
}
