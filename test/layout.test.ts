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

/** The unit of a file: its layer, and what it is a sibling of. */
function place(file: string): { layer: string; unit: string } {
  const [first = '', second = ''] = file.split('/')
  if (!file.includes('/')) return { layer: file, unit: file }
  if (first === 'providers' || first === 'inboxes') return { layer: first, unit: second.replace(/\.ts$/, '') }
  return { layer: first, unit: first === 'adapters' ? second : first }
}

const LAYERS: Record<string, readonly string[]> = {
  'types.ts': [],
  'errors.ts': ['types.ts'],
  lib: ['types.ts', 'errors.ts', 'lib'],
  core: ['types.ts', 'errors.ts', 'lib', 'core'],
  auth: ['types.ts', 'errors.ts', 'lib', 'core', 'auth'],
  providers: ['types.ts', 'errors.ts', 'lib', 'core', 'providers'],
  inboxes: ['types.ts', 'errors.ts', 'lib', 'core', 'inboxes'],
  adapters: ['types.ts', 'errors.ts', 'lib', 'core', 'adapters'],
  testing: ['types.ts', 'errors.ts', 'lib', 'core', 'auth', 'providers', 'inboxes', 'adapters', 'testing'],
  // The samples of every event lie in testing.
  emulators: ['types.ts', 'errors.ts', 'lib', 'core', 'providers', 'testing', 'emulators'],
  cli: [
    'types.ts',
    'errors.ts',
    'lib',
    'core',
    'auth',
    'providers',
    'inboxes',
    'adapters',
    'testing',
    'emulators',
    'cli',
  ],
  'index.ts': ['types.ts', 'errors.ts', 'lib', 'core'],
}

const all = files.flatMap(importsOf)
const own = all.filter(({ to }) => to.endsWith('.ts'))

describe('imports', () => {
  it('are found', () => {
    expect(own.length).toBeGreaterThan(100)
    expect(own).toContainEqual({ from: 'index.ts', to: 'core/receiver.ts', typeOnly: false })
    expect(own).toContainEqual({ from: 'core/ports.ts', to: 'types.ts', typeOnly: true })
  })

  it('lead to files that are there', () => {
    expect(own.filter(({ to }) => !files.includes(to))).toEqual([])
  })

  it('follow the arrows between the layers', () => {
    expect(Object.keys(LAYERS)).toEqual(expect.arrayContaining(files.map((file) => place(file).layer)))
    expect(own.filter(({ from, to }) => !LAYERS[place(from).layer]?.includes(place(to).layer))).toEqual([])
  })

  it('from outside reach core through its ports alone, and as types', () => {
    const outside = own.filter(
      ({ from, to }) =>
        ['auth', 'providers', 'inboxes', 'adapters'].includes(place(from).layer) && place(to).layer === 'core',
    )
    expect(outside.filter(({ to, typeOnly }) => to !== 'core/ports.ts' || !typeOnly)).toEqual([])
  })

  it('do not join siblings: providers, inboxes, adapters', () => {
    const siblings = own.filter(({ from, to }) => {
      const [a, b] = [place(from), place(to)]
      return a.layer === b.layer && a.layer !== 'adapters' && a.unit !== b.unit
    })
    expect(siblings).toEqual([])
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
    const bundled = ({ from, to }: Import) => place(from).layer === 'cli' && BUNDLED.includes(to)
    expect(packages.filter((used) => !allowed.includes(used.to) && !bundled(used))).toEqual([])
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

/** Built into the command line: who imports the package installs none of it. */
const BUNDLED = ['@commander-js/extra-typings']

/** What `tsconfig.build.json` leaves out: the zod sources of the schemas. */
const shipped = (file: string) => !/^providers\/[^/]+\/events.*\.ts$|^lib\/wire-schema\.ts$/.test(file)

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
        "./emulators",
        "./package.json",
      ]
    `)
  })
})
