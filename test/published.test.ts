/** The package as npm packs it: what is in it, how large it is, and where its pages lead. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { install, newApplication, PACKS_MS, packed } from './support/installed.ts'

const root = join(import.meta.dirname, '..')
let folder: string

beforeAll(async () => {
  folder = await packed()
}, PACKS_MS)

const read = (path: string) => readFileSync(join(folder, path), 'utf8')
const filesIn = (pattern: string) => globSync(pattern, { cwd: folder }).map((path) => path.replaceAll('\\', '/'))

describe('what is packed', () => {
  it('is in git, but for what is built', () => {
    const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
    const known = new Set(String(tracked).split('\n'))
    const files = filesIn('**/*.*').filter((path) => /\.\w+$/.test(path) && !path.startsWith('dist/'))
    expect(files.length).toBeGreaterThan(1_000)
    expect(files.filter((path) => !known.has(path))).toEqual([])
  })

  it('leaves tests, tools and lock files out', () => {
    expect(filesIn('{test,bench,scripts,.ci}/**')).toEqual([])
    expect(filesIn('**/{package-lock.json,node_modules}')).toEqual([])
  })

  it('has a declaration where an entry leads to it, and no other', () => {
    const declarations = filesIn('dist/types/**/*.d.ts')
    const named = new Set(
      Object.values<{ types?: string }>(JSON.parse(read('package.json')).exports).map(({ types }) => types?.slice(2)),
    )
    for (const file of declarations)
      for (const [, path = ''] of read(file).matchAll(/['"](\.{1,2}\/[^'"]+)\.[jt]s['"]/g))
        named.add(join(dirname(file), `${path}.d.ts`))
    expect(declarations.length).toBeGreaterThan(100)
    expect(declarations.filter((file) => !named.has(file))).toEqual([])
  })

  it('has pages that lead into it', () => {
    const pages = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'llms.txt', ...filesIn('docs/**/*.md')]
    expect(pages.length).toBeGreaterThan(60)
    const broken = pages.flatMap((page) =>
      [
        ...read(page)
          .replaceAll(/```[\s\S]*?```/g, '')
          .matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g),
      ]
        .map(([, to = '']) => to)
        .filter((to) => !/^[a-z]+:/.test(to) && !existsSync(join(folder, dirname(page), to)))
        .map((to) => `${page}: ${to}`),
    )
    expect(broken).toEqual([])
  })
})

/** In kB of gzip, of all files that the entry loads, with a tenth of room. Raise one where what it brings is worth it. */
const BUDGETS: Readonly<Record<string, number>> = {
  ...{ '.': 168, './momentum': 78, './sparkpost': 78, './mailjet': 60, './esputnik': 68, './auth': 71 },
  ...{
    './memory': 70,
    './sqlite': 135,
    './postgres': 115,
    './sharded': 67,
    './express': 63,
    './fastify': 65,
    './node': 62,
  },
  ...{ './alerts': 64, './dashboard': 187, './health': 53, './otel': 61, './prometheus': 60, './read': 68 },
  ...{ './testing': 252, './emulators': 311, './clients': 122, './zod': 71, './zod/strict': 71 },
  ...{ './forwarders/http': 58, './forwarders/nats': 55, './forwarders/redis': 55 },
  ...{ './forwarders/bullmq': 55, './forwarders/rabbitmq': 55 },
}

describe('its size', { timeout: 120_000 }, () => {
  it('keeps to a budget for each entry', () => {
    const { exports } = JSON.parse(read('package.json'))
    const entries = Object.entries<string | { default: string }>(exports).flatMap(([name, files]) =>
      typeof files === 'string' ? [] : [[name, files.default.replace('./dist/', '')] as const],
    )
    expect(entries.map(([name]) => name).sort()).toEqual(Object.keys(BUDGETS).sort())
    const sizes = entries.map(([name, file]) => ({
      name,
      kB: Math.round(gzipped(file) / 1_000),
      budget: BUDGETS[name] ?? 0,
    }))
    expect(sizes.filter(({ kB, budget }) => kB > budget)).toEqual([])
    // One that is far too high holds nothing.
    expect(sizes.filter(({ kB, budget }) => kB < 0.6 * budget)).toEqual([])
  })

  it('is bounded as a whole', () => {
    const files = filesIn('**/*.*').filter((path) => /\.\w+$/.test(path))
    const MB = files.reduce((sum, path) => sum + readFileSync(join(folder, path)).length, 0) / 1e6
    expect(MB).toBeLessThan(17)
    expect(files.length).toBeLessThan(2_400)
  })
})

/** Of what an entry loads at once, each file as it would be compressed on its way. */
function gzipped(entry: string): number {
  const loaded = new Set([entry])
  const imports = /^(?:import|export)\b[^'"]*['"]\.\/([^'"]+\.js)['"]/gm
  for (const file of loaded) for (const [, name = ''] of read(`dist/${file}`).matchAll(imports)) loaded.add(name)
  return [...loaded].reduce((sum, file) => sum + gzipSync(read(`dist/${file}`)).length, 0)
}

describe('an application in which it is installed', { timeout: 120_000 }, () => {
  const application = newApplication('published')
  beforeAll(() => install(application, ['fastify-plugin', 'jose', 'zod']), PACKS_MS)
  afterAll(() => rmSync(application, { recursive: true, force: true }))

  it('runs the program of README about schemas', () => {
    const section = read('README.md').split('\n## Schemas\n')[1] ?? ''
    const [, program = ''] = /```ts\n([\s\S]*?)```/.exec(section) ?? []
    const kinds = [...program.matchAll(/import (?:\{ (.*?) \}|(\w+))/g)].flatMap(
      ([, names, name]) => names?.split(', ') ?? [name],
    )
    expect(kinds).toEqual(['momentumTrackEvent', 'mailjetBody', 'esputnikActivities', 'click', 'read', 'verify'])
    writeFileSync(
      join(application, 'program.mjs'),
      `${program}\nconsole.log(${kinds.map((name) => `typeof ${name}`).join(', ')})`,
    )
    const told = execFileSync(process.execPath, ['program.mjs'], { cwd: application, encoding: 'utf8' })
    expect(told).toBe('object object object object function function\n')
  })

  it('has the command', () => {
    const { version } = JSON.parse(read('package.json'))
    const cli = join(application, 'node_modules/posthorn/dist/cli.js')
    expect(execFileSync(process.execPath, [cli, '--version'], { encoding: 'utf8' }).trim()).toBe(version)
  })
})
