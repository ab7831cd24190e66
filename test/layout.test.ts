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

/** `import … from`, `export … from` and `import()`; types told from values. */
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
  return room.replace(/^(auth|testing|ports|cli|dashboard|zod)\/.*/, '$1')
}

const CORE = ['base', 'handlers', 'receive', 'process', 'operate', 'tell']
const SENDERS = globSync('*/index.ts', { cwd: join(src, 'providers') }).map(dirname)
const providers = (name: string) => [`providers/${name}`, ['lib', 'providers/kit']] as const
const file = (room: string) => `inboxes/sqlite/file/${room}`
const pg = (room: string) => `inboxes/postgres/${room}`
const FILE_ROOMS = ['db', 'ledger', 'bodies', 'claims', 'log', 'operate', 'checkpoint'].map(file)

/** What a room may import beside itself, types.ts and errors.ts; beside that the ports, as types. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'types.ts': [],
  'errors.ts': [],
  lib: [],
  json: [],
  http: ['lib'],
  ports: ['lib', 'http'],
  public: ['lib'],
  'core/base': ['lib'],
  'core/handlers': ['lib'],
  'core/read': ['lib', 'json', 'core/base'],
  'core/receive': ['lib', 'http', 'core/base'],
  'core/call': ['lib', 'core/base', 'core/handlers'],
  'core/order': ['lib', 'core/handlers', 'core/call'],
  'core/process': ['lib', 'json', 'core/base', 'core/handlers', 'core/read', 'core/call', 'core/order'],
  'core/filter': ['lib'],
  'core/operate': ['lib', 'json', 'core/base', 'core/filter', 'core/handlers', 'core/read'],
  'core/tell': ['lib', 'core/base', 'core/handlers', 'core/read', 'core/receive', 'core/process'],
  core: ['lib', ...CORE.map((name) => `core/${name}`)],
  'index.ts': ['lib', 'public', 'core', 'core/tell'],
  auth: ['lib', 'http'],
  adapters: ['lib', 'http'],
  'providers/kit': ['lib', 'json'],
  providers: ['providers/*'],
  ...Object.fromEntries(SENDERS.map(providers)),
  'providers/esputnik': ['lib', 'providers/kit', 'providers/esputnik/workflow'],
  'providers/esputnik/workflow': ['lib', 'json', 'providers/kit'],
  'inboxes/rules': ['lib'],
  'inboxes/memory': ['lib', 'json', 'inboxes/rules'],
  'inboxes/sharded': ['lib'],
  'inboxes/postgres': ['lib', pg('open'), pg('db'), ...['life', 'claims', 'operate'].map(pg)],
  [pg('db')]: [],
  [pg('lease')]: ['lib'],
  [pg('look')]: ['inboxes/rules', pg('db')],
  [pg('life')]: ['inboxes/rules', pg('db'), pg('look')],
  [pg('log')]: ['inboxes/rules', pg('db')],
  [pg('claims')]: ['inboxes/rules', ...['db', 'look', 'life', 'log'].map(pg)],
  [pg('operate')]: ['lib', 'json', 'inboxes/rules', ...['db', 'look', 'life', 'log', 'claims'].map(pg)],
  [pg('records')]: ['inboxes/rules', ...['db', 'log', 'claims', 'operate'].map(pg)],
  [pg('open')]: ['inboxes/rules', ...['db', 'look', 'lease', 'life', 'log', 'claims', 'operate', 'records'].map(pg)],
  [pg('copy')]: ['inboxes/postgres', ...['db', 'log', 'claims'].map(pg)],
  'inboxes/sqlite/copy': ['inboxes/rules', 'inboxes/sqlite/wire', ...['db', 'ledger', 'bodies'].map(file)],
  'inboxes/sqlite': ['lib', 'inboxes/sqlite/main'],
  'inboxes/sqlite/main': ['lib', 'inboxes/rules', 'inboxes/sqlite/wire'],
  'inboxes/sqlite/wire': [],
  'inboxes/sqlite/file': ['lib', 'inboxes/rules', 'inboxes/sqlite/wire', ...FILE_ROOMS],
  [file('db')]: ['lib', 'inboxes/sqlite/wire'],
  [file('ledger')]: ['lib', 'inboxes/rules', 'inboxes/sqlite/wire', file('db')],
  [file('bodies')]: ['lib', 'json', 'inboxes/sqlite/wire', file('db'), file('ledger')],
  [file('claims')]: ['inboxes/rules', 'inboxes/sqlite/wire', file('db'), file('ledger'), file('bodies')],
  [file('log')]: ['inboxes/sqlite/wire', file('db'), file('ledger'), file('bodies'), file('claims')],
  [file('operate')]: [
    ...['lib', 'json', 'inboxes/rules', 'inboxes/sqlite/wire'],
    ...[file('db'), file('ledger'), file('bodies'), file('claims')],
  ],
  [file('checkpoint')]: ['lib', file('db')],
  telemetry: ['lib'],
  alerts: ['lib'],
  dashboard: ['lib', 'http', 'auth', 'alerts'],
  health: ['lib'],
  otel: ['lib', 'telemetry'],
  prometheus: ['lib', 'telemetry'],
  read: ['lib', 'json', 'core/base', 'core/read', 'core/receive'],
  testing: [
    'lib',
    'json',
    'public',
    'auth',
    'core/base',
    'core/handlers',
    'core/read',
    'core/receive',
    'providers',
    'providers/*',
  ],
  'emulators/kit': ['lib'],
  'emulators/msys': ['lib', 'providers/momentum', 'emulators/kit'],
  'emulators/mailjet': ['lib', 'emulators/kit'],
  'emulators/esputnik': ['lib', 'emulators/kit'],
  'emulators/faults': ['lib', 'emulators/kit'],
  emulators: ['lib', 'emulators/kit', 'emulators/msys', 'emulators/mailjet', 'emulators/esputnik', 'emulators/faults'],
  'clients/api': ['lib', 'core/base'],
  'clients/momentum': ['lib', 'providers/momentum', 'clients/api'],
  'clients/mailjet': ['lib', 'clients/api'],
  'clients/esputnik': ['lib', 'clients/api'],
  'clients/hooks': ['lib', 'core/base', 'clients/api', 'clients/momentum', 'clients/mailjet'],
  'clients/repair': ['lib', 'core/base', 'clients/api', 'clients/momentum'],
  clients: [
    'clients/api',
    'clients/momentum',
    'clients/mailjet',
    'clients/esputnik',
    'clients/hooks',
    'clients/repair',
  ],
  'forwarders/kit': ['lib'],
  ...Object.fromEntries(
    ['http', 'nats', 'redis', 'bullmq', 'rabbitmq'].map((name) => [`forwarders/${name}`, ['lib', 'forwarders/kit']]),
  ),
  conformance: ['testing', 'providers/kit'],
  zod: ['providers/*'],
  cli: [
    'lib',
    'json',
    'auth',
    'adapters',
    'clients',
    'clients/hooks',
    'conformance',
    'emulators',
    'emulators/kit',
    'emulators/mailjet',
    'emulators/faults',
    'testing',
    'core',
    'core/base',
    'core/filter',
    'core/operate',
    'dashboard',
    'prometheus',
    'read',
    'inboxes/postgres',
    'inboxes/postgres/copy',
    'inboxes/sqlite',
    'inboxes/sqlite/copy',
    'providers',
    'providers/*',
  ],
}

/** Rooms that all may name, as types. */
const SEAMS = ['ports', 'public']
/** What the seams stand on. */
const GROUND = ['types.ts', 'errors.ts', 'lib', 'json', 'http']

function isAllowed({ from, to, typeOnly }: Import): boolean {
  const [a, b] = [roomOf(from), roomOf(to)]
  if (a === b || b === 'types.ts' || b === 'errors.ts') return true
  if (SEAMS.includes(b) && typeOnly)
    return b === 'ports' ? !GROUND.includes(a) : /^(index\.ts|core|testing|alerts|forwarders|cli|dashboard)\b/.test(a)
  const allowed = ARROWS[a] ?? []
  return allowed.includes(b) || allowed.includes(b.replace(/\/.*/, '/*'))
}

/** What must not know each other, not even through others. */
const BORDERS: ReadonlyArray<readonly [from: string, to: string]> = [
  ['core/receive', 'core/process'],
  ['core/process', 'core/receive'],
  ['inboxes/sqlite/main', 'inboxes/sqlite/file'],
  ['inboxes/sqlite/file', 'inboxes/sqlite/main'],
  ...SENDERS.flatMap((a, _, names) =>
    names.filter((b) => b !== a).map((b) => [`providers/${a}`, `providers/${b}`] as const),
  ),
]

const all = files.flatMap(importsOf)
const own = all.filter(({ to }) => to.endsWith('.ts'))
const edges = new Map(files.map((file) => [file, own.filter(({ from }) => from === file).map(({ to }) => to)]))

const isIn = (room: string, file: string) => file.startsWith(`${room}/`)

/** One cycle, `a → b → a`; null where there is none. */
function cycleIn(arrows: ReadonlyMap<string, readonly string[]>): string | null {
  const done = new Set<string>()
  const visit = (node: string, path: readonly string[]): string | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node].join(' → ')
    if (done.has(node)) return null
    for (const next of arrows.get(node) ?? []) {
      const cycle = visit(next, [...path, node])
      if (cycle !== null) return cycle
    }
    done.add(node)
    return null
  }
  for (const node of arrows.keys()) {
    const cycle = visit(node, [])
    if (cycle !== null) return cycle
  }
  return null
}

/** These files and all that they import, directly or through others. */
function reachedFrom(starts: readonly string[]): string[] {
  const reached = new Set(starts)
  for (const file of reached) for (const next of edges.get(file) ?? []) reached.add(next)
  return [...reached]
}

describe('imports', () => {
  it('are found', () => {
    expect(own.length).toBeGreaterThan(100)
    expect(own).toContainEqual({ from: 'index.ts', to: 'core/receiver.ts', typeOnly: false })
    expect(own).toContainEqual({ from: 'ports/provider.ts', to: 'types.ts', typeOnly: true })
  })

  it('lead to files that are there', () => {
    expect(own.filter(({ to }) => !files.includes(to))).toEqual([])
  })

  it('follow the arrows between the rooms', () => {
    expect(files.map(roomOf).filter((room) => ARROWS[room] === undefined)).toEqual([])
    expect(own.filter((found) => !isAllowed(found)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  it('are those of types alone in the seams', () => {
    expect(own.filter(({ from, typeOnly }) => SEAMS.includes(roomOf(from)) && !typeOnly)).toEqual([])
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

  it.each(BORDERS)('do not lead from %s to %s, nor through others', (from, to) => {
    const reached = reachedFrom(files.filter((file) => isIn(from, file)))
    expect(reached.filter((file) => isIn(to, file))).toEqual([])
  })

  it('are those that docs/architecture.md lists, room by room', () => {
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `([^`]+)` \| [^|]+ \| (.*)\|$/gm)]
    const listed = rows.map(([, room = '', list = '']) => [
      room,
      [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    ])
    expect(Object.fromEntries(listed)).toEqual(ARROWS)
  })

  it('have no cycles, of values or of types', () => {
    expect(cycleIn(edges)).toBeNull()
  })

  it('have no cycles between rooms', () => {
    const drawn = Object.entries(ARROWS).map(
      ([room, list]) => [room, list.filter((other) => !other.endsWith('*'))] as const,
    )
    expect(cycleIn(new Map(drawn))).toBeNull()
  })

  it('use no package beyond the dependencies at run time', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const allowed = Object.keys(manifest.dependencies)
    const packages = all.filter(({ to, typeOnly }) => !typeOnly && !to.endsWith('.ts') && !to.startsWith('node:'))
    // zod is there for who imports the schemas, and OpenTelemetry for who traces; no other room imports them.
    const isOwn = ({ from, to }: Import) =>
      allowed.includes(to) ||
      (to === 'pg' && roomOf(from) === 'inboxes/postgres') ||
      (to === 'zod' && roomOf(from) === 'zod') ||
      (to === '@opentelemetry/api' && roomOf(from) === 'otel') ||
      // Only where somebody has it.
      (to === 'prom-client' && from === 'cli/ops-metrics.ts') ||
      BUNDLED.get(to) === roomOf(from)
    expect(packages.filter((one) => !isOwn(one))).toEqual([])
    expect(own.filter(({ from, to }) => roomOf(to) === 'zod' && roomOf(from) !== 'zod')).toEqual([])
  })

  it('use nothing of files, sockets, threads and processes in core and in the rules of inboxes', () => {
    const free = /^(?:core|ports|inboxes\/rules)\//
    const pure = ['async_hooks', 'buffer', 'crypto', 'diagnostics_channel', 'util'].map((name) => `node:${name}`)
    const used = all.filter(({ from, to, typeOnly }) => free.test(from) && to.startsWith('node:') && !typeOnly)
    expect(used.filter(({ to }) => !pure.includes(to))).toEqual([])
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

/** Built into one room each: who imports the package installs none of it. */
const BUNDLED = new Map([
  ['@commander-js/extra-typings', 'cli'],
  ['get-east-asian-width', 'cli'],
  ['velocityjs', 'emulators/esputnik'],
  ['@rgrove/parse-xml', 'providers/esputnik/workflow'],
  ['mailparser', 'providers/kit'],
  ...['preact', 'htm/preact', 'preact-render-to-string'].map((name) => [name, 'dashboard'] as const),
])

describe('the exports map', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

  it('leads to files that are built from a source', () => {
    for (const [name, entry] of Object.entries<{ default: string; types: string } | string>(manifest.exports)) {
      if (typeof entry === 'string') continue
      // The build reads the source from `types`, and the name of the file from `default`.
      expect(files, name).toContain(entry.types.replace('./dist/types/', '').replace(/\.d\.ts$/, '.ts'))
      expect(entry.default).toBe(`./dist/${name === '.' ? 'index' : name.slice(2).replace('/', '-')}.js`)
    }
  })

  it('holds exactly these entries', () => {
    expect(Object.keys(manifest.exports)).toMatchInlineSnapshot(`
      [
        ".",
        "./momentum",
        "./sparkpost",
        "./mailjet",
        "./esputnik",
        "./auth",
        "./memory",
        "./sqlite",
        "./postgres",
        "./sharded",
        "./express",
        "./fastify",
        "./node",
        "./alerts",
        "./dashboard",
        "./health",
        "./otel",
        "./prometheus",
        "./read",
        "./testing",
        "./emulators",
        "./clients",
        "./forwarders/http",
        "./forwarders/nats",
        "./forwarders/redis",
        "./forwarders/bullmq",
        "./forwarders/rabbitmq",
        "./zod",
        "./zod/strict",
        "./schemas/*",
        "./package.json",
      ]
    `)
  })
})

describe('public names', () => {
  it('shadow no name of the platform and say what they are of', () => {
    const barrels = [
      'index.ts',
      'types.ts',
      'adapters/express.ts',
      ...files.filter((file) => roomOf(file) === 'public'),
    ]
    const text = barrels.map((file) => readFileSync(join(src, file), 'utf8')).join('\n')
    const taken = text.match(
      /\b(?:interface|type|class) (?:Event|Options|Run|Filter|Context|Handler|Base|Client|Limits)\b/g,
    )
    expect(taken).toBeNull()
  })
})
