import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')
const files = globSync('**/*.ts', { cwd: src }).map((file) => file.replaceAll('\\', '/'))

interface Import {
  readonly from: string
  /** Path under src, or the name of a package. */
  readonly to: string
  readonly typeOnly: boolean
}

/** `import … from`, `export … from`, `import()` and `new URL('./x', import.meta.url)`; types told from values. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
  const statements = [...text.matchAll(/^(?:import|export)\s+(type\s+)?([^;'"`]*?)\s*from\s+'([^']+)'/gm)]
  const bare = [...text.matchAll(/(?:^import\s+|import\()'([^']+)'/gm)].map((match) => ['', undefined, '', match[1]])
  return [...statements, ...bare].map(([, typed, names, to]) => ({
    from: file,
    to: target(file, String(to)),
    typeOnly: typed !== undefined || allTyped(String(names)),
  }))
}

function allTyped(names: string): boolean {
  const list = names.match(/^\{([\s\S]*)\}$/)?.[1]
  return list?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false
}

function target(file: string, to: string): string {
  if (!to.startsWith('.')) return to
  return relative(src, resolve(dirname(join(src, file)), to)).replaceAll('\\', '/')
}

/** The room of a file: its folder under src, or its own name where it lies at the top. */
function roomOf(file: string): string {
  const room = file.includes('/') ? dirname(file) : file
  // One room each, with folders for their larger parts.
  return room.replace(/^(auth|testing)\/.*/, '$1')
}

const CORE = ['base', 'handlers', 'receive', 'process', 'operate', 'tell']
const providers = (name: string) => [`providers/${name}`, ['lib', 'providers/kit']] as const
const file = (room: string) => `inboxes/sqlite/file/${room}`
const FILE_ROOMS = ['db', 'ledger', 'bodies', 'work', 'log', 'operate', 'checkpoint'].map(file)

/** What a room may import beside itself, types.ts and errors.ts; beside that the ports, as types. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'types.ts': [],
  'errors.ts': [],
  lib: [],
  json: [],
  http: ['lib'],
  ports: ['lib', 'http'],
  public: ['lib'],
  'core/base': [],
  'core/handlers': ['lib'],
  'core/read': ['lib', 'json', 'core/base'],
  'core/receive': ['lib', 'http', 'core/base'],
  'core/call': ['lib', 'core/base', 'core/handlers'],
  'core/order': ['lib', 'core/handlers', 'core/call'],
  'core/process': ['lib', 'json', 'core/base', 'core/handlers', 'core/read', 'core/call', 'core/order'],
  'core/operate': ['lib', 'json', 'core/base', 'core/handlers', 'core/read'],
  'core/tell': ['lib', 'core/base', 'core/handlers', 'core/read', 'core/receive', 'core/process'],
  core: ['lib', ...CORE.map((name) => `core/${name}`)],
  'index.ts': ['lib', 'public', 'core', 'core/base'],
  auth: ['lib', 'http'],
  adapters: ['lib', 'http'],
  'providers/kit': ['lib'],
  ...Object.fromEntries(['momentum', 'mailjet', 'esputnik'].map(providers)),
  'inboxes/rules': [],
  'inboxes/memory': ['lib', 'json', 'inboxes/rules'],
  'inboxes/sqlite': ['lib', 'inboxes/sqlite/main'],
  'inboxes/sqlite/main': ['lib', 'inboxes/rules', 'inboxes/sqlite/wire'],
  'inboxes/sqlite/wire': [],
  'inboxes/sqlite/file': ['lib', 'inboxes/rules', 'inboxes/sqlite/wire', ...FILE_ROOMS],
  [file('db')]: ['inboxes/sqlite/wire'],
  [file('ledger')]: ['lib', 'inboxes/rules', 'inboxes/sqlite/wire', file('db')],
  [file('bodies')]: ['lib', 'json', 'inboxes/sqlite/wire', file('db'), file('ledger')],
  [file('work')]: ['inboxes/rules', 'inboxes/sqlite/wire', file('db'), file('ledger'), file('bodies')],
  [file('log')]: ['inboxes/sqlite/wire', file('db'), file('ledger'), file('bodies'), file('work')],
  [file('operate')]: ['json', 'inboxes/sqlite/wire', file('db'), file('ledger'), file('bodies'), file('work')],
  [file('checkpoint')]: ['inboxes/sqlite/wire', file('db')],
  testing: ['lib', 'json', 'public', 'auth', 'core/base', 'core/read', 'core/receive', 'providers/*'],
  cli: ['lib', 'auth', 'adapters', 'testing', 'core', 'inboxes/sqlite', 'providers/*'],
}

/** Rooms that all may name, as types. */
const SEAMS = ['ports', 'public']
/** What the seams stand on. */
const GROUND = ['types.ts', 'errors.ts', 'lib', 'json', 'http']

function isAllowed({ from, to, typeOnly }: Import): boolean {
  const [a, b] = [roomOf(from), roomOf(to)]
  if (a === b || b === 'types.ts' || b === 'errors.ts') return true
  if (SEAMS.includes(b) && typeOnly) return b === 'ports' ? !GROUND.includes(a) : /^(index\.ts|core|testing)\b/.test(a)
  const allowed = ARROWS[a] ?? []
  return allowed.includes(b) || allowed.includes(b.replace(/\/.*/, '/*'))
}

const all = files.flatMap(importsOf)
const own = all.filter(({ to }) => to.endsWith('.ts'))

describe('imports', () => {
  it('are found', () => {
    expect(own.length).toBeGreaterThan(100)
    expect(own).toContainEqual({ from: 'index.ts', to: 'core/receiver.ts', typeOnly: false })
    expect(own).toContainEqual({ from: 'ports/ports.ts', to: 'types.ts', typeOnly: true })
  })

  it('lead to files that are there', () => {
    expect(own.filter(({ to }) => !files.includes(to))).toEqual([])
  })

  it('follow the arrows between the rooms', () => {
    expect(files.map(roomOf).filter((room) => ARROWS[room] === undefined)).toEqual([])
    expect(own.filter((found) => !isAllowed(found)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  it('use every arrow that is drawn', () => {
    const used = own.map(({ from, to }) => [roomOf(from), roomOf(to)])
    const drawn = Object.entries(ARROWS).flatMap(([a, list]) => list.map((b) => [a, b] as const))
    expect(
      drawn.filter(([a, b]) => !used.some(([c, d]) => a === c && (b === d || b === d?.replace(/\/.*/, '/*')))),
    ).toEqual([])
  })

  it('never lead to the barrel or, from elsewhere, to the command line', () => {
    expect(own.filter(({ to }) => to === 'index.ts')).toEqual([])
  })

  it('have no cycles of values', () => {
    const edges = new Map<string, string[]>()
    for (const { from, to, typeOnly } of own) if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to])
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) expect.fail(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
      if (done.has(file)) return
      for (const next of edges.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
  })

  it('use no package beyond the dependencies at run time', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const allowed = Object.keys(manifest.dependencies)
    const packages = all.filter(
      ({ to, typeOnly, from }) => !typeOnly && !to.endsWith('.ts') && !to.startsWith('node:') && shipped(from),
    )
    expect(packages.filter(({ to }) => !allowed.includes(to))).toEqual([])
  })

  it('use no word of a provider in core', () => {
    const named = files
      .filter((file) => file.startsWith('core/'))
      .filter((file) => {
        const code = readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
        // Messages may show how a source is made.
        return /momentum|sparkpost|mailjet|esputnik/i.test(code.replaceAll(/(['"`]).*?\1/g, ''))
      })
    expect(named).toEqual([])
  })
})

/** What `tsconfig.build.json` leaves out: the zod sources of the schemas. */
const shipped = (file: string) => !/^providers\/[^/]+\/events.*\.ts$|^providers\/kit\/wire-schema\.ts$/.test(file)

describe('the exports map', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

  it('leads to files that are built from a source', () => {
    for (const [name, entry] of Object.entries<{ default: string; types: string } | string>(manifest.exports)) {
      if (typeof entry === 'string') continue
      // The build reads the source from `types`, and the name of the file from `default`.
      expect(files, name).toContain(entry.types.replace('./dist/types/', '').replace(/\.d\.ts$/, '.ts'))
      expect(entry.default).toBe(`./dist/${name === '.' ? 'index' : name.slice(2)}.js`)
    }
  })

  it('holds exactly these entries', () => {
    expect(Object.keys(manifest.exports)).toMatchInlineSnapshot(`
      [
        ".",
        "./momentum",
        "./mailjet",
        "./esputnik",
        "./auth",
        "./memory",
        "./sqlite",
        "./express",
        "./fastify",
        "./node",
        "./testing",
        "./package.json",
      ]
    `)
  })
})

describe('public names', () => {
  it('shadow no name of the platform and say what they are of', () => {
    const barrels = ['index.ts', 'types.ts', 'public/receiver.ts', 'adapters/express.ts']
    const text = barrels.map((file) => readFileSync(join(src, file), 'utf8')).join('\n')
    const taken = text.match(
      /\b(?:interface|type|class) (?:Event|Options|Run|Filter|Context|Handler|Base|Client|Limits)\b/g,
    )
    expect(taken).toBeNull()
  })
})
