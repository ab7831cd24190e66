import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeFault } from '../src/lib/node-version.ts'
import { build, install, newApplication, PACKS_MS } from './support/installed.ts'

const root = join(import.meta.dirname, '..')
const folder = newApplication('package')
const installed = join(folder, 'node_modules/posthorn')
const dist = join(installed, 'dist')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Rooms that are built into one file for all entries. */
const SHARED = ['lib/', 'json/', 'http/', 'providers/kit/', 'providers/momentum/raw-names', 'inboxes/rules/']
const beside = (...rooms: string[]) => new RegExp(`^(${[...SHARED, ...rooms].join('|')})`)

/** Of the pages: built in. */
const BUNDLED = '\\.\\./node_modules/(preact|preact-render-to-string|htm)/'

/** The sources that each entry runs, beside those at the top. */
const ENTRIES: Readonly<Record<string, RegExp>> = {
  posthorn: beside('core/'),
  'posthorn/momentum': beside('providers/momentum/'),
  'posthorn/sparkpost': beside('providers/momentum/'),
  'posthorn/mailjet': beside('providers/mailjet/'),
  'posthorn/esputnik': beside('providers/esputnik/'),
  'posthorn/auth': beside('auth/'),
  'posthorn/memory': beside('inboxes/memory/'),
  'posthorn/sqlite': beside('inboxes/sqlite/'),
  'posthorn/postgres': beside('inboxes/postgres/'),
  'posthorn/sharded': beside('inboxes/sharded/'),
  'posthorn/express': beside('adapters/(?!fastify)'),
  'posthorn/fastify': beside('adapters/(?!express)'),
  'posthorn/node': beside('adapters/(?!express|fastify)'),
  'posthorn/alerts': beside('alerts/'),
  'posthorn/dashboard': beside('dashboard/', 'auth/', 'alerts/', BUNDLED),
  'posthorn/health': beside('health/'),
  'posthorn/otel': beside('otel/', 'telemetry/', 'core/(base|read)/', 'core/receive/(body-rules|identity|route)'),
  'posthorn/prometheus': beside(
    'prometheus/',
    'telemetry/',
    'core/(base|read)/',
    'core/receive/(body-rules|identity|route)',
  ),
  'posthorn/read': beside('read/', 'core/(base|read)/', 'core/receive/(body-rules|identity|route)'),
  'posthorn/clients': beside(
    'clients/',
    'core/(base|read)/',
    'core/receive/(body-rules|identity|route)',
    'providers/momentum/',
  ),
  ...Object.fromEntries(
    ['http', 'nats', 'redis', 'bullmq', 'rabbitmq'].map((name) => [
      `posthorn/forwarders/${name}`,
      beside('forwarders/kit/', `forwarders/${name}/`),
    ]),
  ),
  'posthorn/zod': beside('zod/(?!strict/)', 'providers/\\w+/events'),
  'posthorn/zod/strict': beside('zod/(?!tolerant/)', 'providers/\\w+/events'),
  'posthorn/testing': beside('core/', 'auth/', 'providers/', 'testing/'),
  'posthorn/emulators': beside('core/', 'auth/', 'providers/', 'testing/', 'emulators/'),
}

const SEEN = `
import { registerHooks } from 'node:module'
registerHooks({
  load(url, context, next) {
    console.log(url)
    return next(url, context)
  },
})`

/** An application in which the package is installed as it is built, and of the packages that it can do without only zod. */
beforeAll(async () => {
  await install(folder, ['fastify-plugin', 'zod', '@opentelemetry/api'])
  writeFileSync(join(folder, 'seen.mjs'), SEEN)
}, PACKS_MS)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a program of the application writes. */
async function run(program: string, ...flags: string[]): Promise<string> {
  const args = [...flags, '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  return stdout
}

/** The files of the package that these imports load, by name. */
async function filesOf(...entries: string[]): Promise<string[]> {
  const urls = (await loadedBy(...entries)).filter((url) => url.includes('/posthorn/dist/'))
  return urls.map((url) => basename(fileURLToPath(url)))
}

/** Every file that these imports load. */
async function loadedBy(...entries: string[]): Promise<string[]> {
  const seen = await run(entries.map((entry) => `import '${entry}'`).join('\n'), '--import', './seen.mjs')
  return seen.split('\n').filter((url) => url.startsWith('file:'))
}

/** What was built into a file, by path under src. An entry that only leads to chunks has no map. */
function sourcesOf(file: string): string[] {
  const map = join(dist, `${file}.map`)
  if (!existsSync(map)) return []
  const { sources }: { sources: string[] } = JSON.parse(readFileSync(map, 'utf8'))
  return sources.map((source) => relative(join(installed, 'src'), resolve(dist, source)).replaceAll('\\', '/'))
}

describe('the package as built', () => {
  it('has every file that its exports map, its bin and its own files name', () => {
    const paths = JSON.stringify([manifest.exports, manifest.bin]).match(/"\.\/[^"]+\.(?:js|d\.ts|json)"/g) ?? []
    expect(paths.length).toBeGreaterThan(20)
    expect(paths.filter((path) => !existsSync(join(installed, JSON.parse(path))))).toEqual([])
    const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm
    const code = globSync('*.js', { cwd: dist }).map((file) =>
      readFileSync(join(dist, file), 'utf8').replaceAll(comments, ''),
    )
    const named = code.flatMap((text) => text.match(/(?<=["'`])\.\/[\w-]+\.js(?=["'`])/g) ?? [])
    expect(named).toContain('./chunk-lib.js')
    expect(named.filter((path) => !existsSync(join(dist, path)))).toEqual([])
  })

  it('holds each source once, and its maps lead to sources', () => {
    const sources = globSync('*.js', { cwd: dist }).flatMap(sourcesOf)
    expect(sources.length).toBeGreaterThan(200)
    expect(sources.filter((source, at) => sources.indexOf(source) !== at)).toEqual([])
    const packed = sources.filter((source) => !source.startsWith('../node_modules/'))
    expect(packed.filter((source) => !existsSync(join(installed, 'src', source)))).toEqual([])
  })

  it('loads few files for a server: there were 140', async () => {
    const loaded = await filesOf(
      'posthorn',
      'posthorn/auth',
      'posthorn/express',
      'posthorn/momentum',
      'posthorn/sqlite',
    )
    expect(loaded.length).toBeGreaterThanOrEqual(5)
    expect(loaded.length).toBeLessThanOrEqual(16)
  })

  it('has these entries', () => {
    const names = Object.keys(manifest.exports).filter((name) => !/json$|\*/.test(name))
    expect(names.map((name) => name.replace('.', 'posthorn')).sort()).toEqual(Object.keys(ENTRIES).sort())
  })

  it.each(Object.entries(ENTRIES))('runs nothing for %s that belongs to others', async (entry, own) => {
    const sources = (await filesOf(entry)).flatMap(sourcesOf)
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.filter((source) => source.includes('/') && !own.test(source))).toEqual([])
  })

  it('reads and verifies without inbox, server, thread or file of its own', async () => {
    const program = `
      import { token } from 'posthorn/auth'
      import { momentum } from 'posthorn/momentum'
      import { read, verify } from 'posthorn/read'
      const source = momentum({ auth: token('a token of some length') })
      const { events } = read(source, '[{"msys":{"track_event":{"type":"click"}}}]')
      const verdict = await verify(source, { 'x-messagesystems-webhook-token': 'a token of some length' })
      console.log('told:', events[0].name, verdict.ok)`
    const lines = (await run(program, '--import', './seen.mjs')).split('\n')
    expect(lines).toContain('told: momentum.click true')
    const builtIn = lines.filter((line) => line.startsWith('node:'))
    expect(builtIn).toContain('node:crypto')
    const others = ['sqlite', 'http', 'https', 'http2', 'net', 'worker_threads', 'child_process', 'fs'].map(
      (name) => `node:${name}`,
    )
    expect(builtIn.filter((url) => others.includes(url))).toEqual([])
  })

  it('loads zod for the schemas, and for nothing else', async () => {
    const isZod = (url: string) => url.includes('/node_modules/zod/')
    for (const entry of ['posthorn/zod', 'posthorn/zod/strict']) expect((await loadedBy(entry)).some(isZod)).toBe(true)
    const others = Object.keys(ENTRIES).filter((entry) => !entry.startsWith('posthorn/zod'))
    expect((await loadedBy(...others)).filter(isZod)).toEqual([])
  })

  it('gives the JSON Schemas by name, those of a strict body too', async () => {
    const program = `
      import click from 'posthorn/schemas/momentum/track_event.click.json' with { type: 'json' }
      import body from 'posthorn/schemas/draft-07/mailjet/strict/body.json' with { type: 'json' }
      console.log(click.$id, body.$id)`
    const base = 'https://posthorn.dev/schemas'
    expect(await run(program)).toBe(
      `${base}/momentum/track_event.click.json ${base}/draft-07/mailjet/strict/body.json\n`,
    )
  })

  it('starts the thread of the file, and has its errors once', async () => {
    const program = `
      import { createReceiver, OptionError } from 'posthorn'
      import { unauthenticated } from 'posthorn/auth'
      import { mailjet } from 'posthorn/mailjet'
      import { momentum } from 'posthorn/momentum'
      import { sqlite } from 'posthorn/sqlite'
      import { deliver, sampleEvent } from 'posthorn/testing'
      const sources = { shop: momentum({ auth: unauthenticated() }) }
      const receiver = createReceiver({ inbox: sqlite({ path: 'inbox.db' }), sources, logger: false })
      receiver.on('*', (event) => console.log(event.name))
      await receiver.start()
      await deliver(receiver, 'shop', [sampleEvent('momentum.click')])
      await receiver.close()
      try {
        mailjet({ auth: 'a text' })
      } catch (error) {
        console.log(error instanceof OptionError)
      }`
    expect(await run(program)).toBe('momentum.click\ntrue\n')
  })

  it('says which Node it needs where it meets an older one', async () => {
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.17.1' } })"
    writeFileSync(join(folder, 'older.mjs'), older)
    const program = `
      import { sqlite } from 'posthorn/sqlite'
      try {
        sqlite({ path: 'inbox.db' })
      } catch (error) {
        console.log(error.code, error.message)
      }`
    expect(await run(program, '--import', './older.mjs')).toBe(
      'ERR_NODE_VERSION posthorn/sqlite needs Node ≥ 22.18, this is 22.17.1\n',
    )
    for (const args of [['demo'], ['--version'], []]) {
      const cli = promisify(execFile)(process.execPath, ['--import', './older.mjs', join(dist, 'cli.js'), ...args], {
        cwd: folder,
      })
      await expect(cli).rejects.toMatchObject({ code: 1, stderr: 'posthorn needs Node ≥ 22.18, this is 22.17.1\n' })
    }
  })

  it('needs the Node that its engines say', () => {
    const [major = 0, minor = 0] = /\d+\.\d+/.exec(manifest.engines.node)?.[0].split('.').map(Number) ?? []
    expect(nodeFault('it', `${major}.${minor}.0`)).toBe(null)
    expect(nodeFault('it', `${major}.${minor - 1}.9`)).not.toBe(null)
    expect(nodeFault('it', `${major - 1}.99.0`)).not.toBe(null)
    expect(nodeFault('it', `${major + 2}.0.0`)).toBe(null)
  })

  it('has stacks that lead to the sources', async () => {
    const program = `
      import { mailjet } from 'posthorn/mailjet'
      try {
        mailjet({ auth: 'a text' })
      } catch (error) {
        console.log(error.stack)
      }`
    const stack = await run(program, '--enable-source-maps')
    const [, file = '', line] = /\((\S+mailjet[\\/]index\.ts):(\d+)/.exec(stack) ?? []
    expect(readFileSync(file, 'utf8').split('\n')[Number(line) - 1]).toContain("checkSourceOptions('mailjet'")
  })

  it(
    'is the same, byte for byte, when it is built again',
    async () => {
      const again = join(folder, 'node_modules/again/dist')
      await build(again)
      const files = globSync('**/*.*', { cwd: dist }).sort()
      expect(globSync('**/*.*', { cwd: again }).sort()).toEqual(files)
      expect(files.filter((file) => !readFileSync(join(again, file)).equals(readFileSync(join(dist, file))))).toEqual(
        [],
      )
    },
    PACKS_MS,
  )
})
