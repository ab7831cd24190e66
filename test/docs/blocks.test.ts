/** Every fenced block of every page: it has a language, and it is compiled, parsed, the file that is shipped, or counted here. */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript5'
import { describe, expect, it, onTestFinished } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { wrongIn } from '../support/command-lines.ts'
import { programsOf, startServer } from '../support/postgres.ts'
import { AMBIENT, OF_PAGE, USUAL } from './ambient.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], {
  cwd: root,
  exclude: (path) => String(path).includes('node_modules'),
}).sort()

interface Block {
  readonly page: string
  readonly line: number
  readonly language: string
  /** What stands behind the language: `no-run: why`. */
  readonly note: string
  readonly code: string
}

/** Also those in an item of a list, which are indented. */
const FENCED = /^( *)```(\S*)[ \t]*(.*)\n([\s\S]*?)^\1```$/gm
const blocks: Block[] = pages.flatMap((page) => {
  const text = read(page)
  return [...text.matchAll(FENCED)].map(({ 1: indent = '', 2: language = '', 3: note = '', 4: code = '', index }) => ({
    ...{ page, language, note, line: text.slice(0, index).split('\n').length },
    code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
})
const named = ({ page, line, language }: Block) => `${page}:${line} ${language}`
const LANGUAGES = [
  'ts',
  'sh',
  'yaml',
  'js',
  'systemd',
  'nginx',
  'caddy',
  'dockerfile',
  'sql',
  'diff',
  'mermaid',
  'text',
]

it('each has a language', () => {
  expect(blocks.length).toBeGreaterThan(240)
  expect(blocks.filter(({ language }) => !LANGUAGES.includes(language)).map(named)).toEqual([])
  for (const page of pages) {
    const fences = read(page).match(/^ *```/gm) ?? []
    expect([page, fences.length]).toEqual([page, 2 * blocks.filter((block) => block.page === page).length])
  }
})

/** Of each page and language, why its blocks are neither compiled nor parsed here. The list may only get shorter. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'README.md diff': 'test/readme.test.ts applies it to a program and runs that',
  'docs/add-a-sender.md ts':
    'test/docs/add-a-sender.test.ts writes the files into a copy of the repository and runs them',
  'docs/architecture.md mermaid': 'a picture, generated; forges draw it',
  'docs/architecture.md text': 'the tree of folders',
  'docs/hosts.md ts': 'a line for each host; the examples of them are run by test/hosts',
  'docs/scaling.md text': 'what a simulation of hours says; test/bench/simulate.test.ts holds the simulator',
}
const isElsewhere = ({ page, language }: Block) => ELSEWHERE[`${page} ${language}`] !== undefined

it('those that are checked elsewhere are these', () => {
  const found = new Set(blocks.map(({ page, language }) => `${page} ${language}`))
  expect(Object.keys(ELSEWHERE).filter((one) => !found.has(one))).toEqual([])
})

it('has no note behind a language, which forges would take for part of it', () => {
  expect(blocks.filter(({ note }) => note !== '').map(named)).toEqual([])
})

/** Programs of the machine, which no test runs as the pages do. */
const OF_MACHINE = [
  'chronyc',
  'curl',
  'cp',
  'df',
  'du',
  'install',
  'iostat',
  'journalctl',
  'ls',
  'systemctl',
  'timedatectl',
]
const ALSO = ['top', 'useradd']
/** A script of a page as a whole, not a list of commands: read by the shell alone. */
const SCRIPTS = ['docs/conformance.md nohup', 'docs/dashboard.md post()']

it('a command line is one that the program takes, in words that a shell takes', () => {
  const shown = blocks.filter(({ language }) => language === 'sh')
  const { stderr } = spawnSync('sh', ['-n'], {
    input: shown.map(({ code }) => withNames(code)).join(''),
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  const seen = new Set<string>()
  const wrong = shown.flatMap((block) => {
    const code = withNames(block.code)
    const isScript = SCRIPTS.find((one) => one.startsWith(block.page) && code.includes(one.split(' ')[1] ?? ''))
    if (isScript !== undefined) {
      seen.add(isScript)
      return []
    }
    return code
      .split('\n')
      .filter(Boolean)
      .flatMap((line) => line.replace(/ +# .*$/, '').split(' && '))
      .flatMap((line) => wrongWith(line, seen).map((why) => `${named(block)}: ${line}: ${why}`))
  })
  expect(wrong).toEqual([])
  expect([...OF_MACHINE, ...ALSO, ...SCRIPTS].filter((one) => !seen.has(one))).toEqual([])
})

/** `<delivery>` stands for an id. */
const withNames = (code: string) => code.replaceAll(/<(\w+)>/g, '$1')

function wrongWith(line: string, seen: Set<string>): string[] {
  const [program = '', ...words] = line.replace(/^npx /, '').split(' ')
  seen.add(program)
  if (program === 'posthorn') {
    const wrong = wrongIn(words.join(' ').replace(/ [|>] .*$/, ''))
    return wrong === null ? [] : [wrong]
  }
  if (program === 'npm' && words[0] === 'run')
    return words[1] !== undefined && words[1] in manifest.scripts ? [] : ['script']
  if (program === 'npm')
    return ['ci', 'install', 'ls', 'outdated', 'start', 'test'].includes(words[0] ?? '') ? [] : ['npm']
  return [...OF_MACHINE, ...ALSO].includes(program) ? [] : ['a program that no list has']
}

/** Each is read by its program, or parsed, by test/ops/deploy.test.ts. */
const shipped = globSync(['ops/deploy/*', 'examples/*.yaml'], { cwd: root }).map((path) => read(path).trim())

const isShipped = ({ code }: Block) => shipped.includes(code.trim())
const isProgram = (block: Block) => block.language === 'ts' || (block.language === 'js' && !isShipped(block))

it('a file for a program is the one that is shipped', () => {
  const files = blocks.filter(({ language }) =>
    ['yaml', 'js', 'systemd', 'nginx', 'caddy', 'dockerfile'].includes(language),
  )
  expect(files.length).toBeGreaterThan(7)
  expect(files.filter((block) => !isShipped(block) && !isProgram(block)).map(named)).toEqual([])
})

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  it('an SQL statement is carried out', { timeout: 60_000 }, async () => {
    const statements = blocks.filter(({ language }) => language === 'sql')
    const server = await startServer()
    onTestFinished(() => server.remove())
    await server.run('create role app login; create schema posthorn; create table posthorn.t (id int)')
    for (const { code } of statements) await server.run(code)
    expect(statements.length).toBeGreaterThan(0)
    expect(await server.run("select has_table_privilege('app', 'posthorn.t', 'delete') as may")).toEqual([
      { may: true },
    ])
  })
})

const linesOf = (code: string) =>
  code.split('\n').map((line) =>
    line
      .replace(/ +\/\/ .*$/, '')
      .trim()
      .replaceAll(/ +/g, ' '),
  )
const programs = globSync('examples/**/*.{ts,js}', {
  cwd: root,
  exclude: (path) => String(path).includes('node_modules'),
}).map((path) => new Set(linesOf(read(path))))

/** The compiler reads examples as they are, and tests run them. */
const isOfExample = ({ code }: Block) =>
  programs.some((program) => linesOf(code).every((line) => line === '' || program.has(line)))

/** Of each export, the entries that have it: that of a page of the reference comes first. */
async function exportsByName(): Promise<ReadonlyMap<string, readonly string[]>> {
  const entries = Object.entries(manifest.exports).flatMap(([name, files]) =>
    typeof files === 'string' || name.startsWith('./zod') ? [] : [name.replace('.', 'posthorn')],
  )
  const found = new Map<string, string[]>()
  for (const entry of entries)
    for (const name of Object.keys(await import(entry))) found.set(name, [...(found.get(name) ?? []), entry])
  return found
}

/** The names that a program uses and does not declare. */
function freeNames(code: string): Set<string> {
  const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.Latest, true)
  const [used, declared] = [new Set<string>(), new Set<string>()]
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node)
      const isDeclared =
        (ts.isVariableDeclaration(parent) ||
          ts.isBindingElement(parent) ||
          ts.isImportSpecifier(parent) ||
          ts.isImportClause(parent) ||
          ts.isFunctionDeclaration(parent) ||
          ts.isParameter(parent)) &&
        parent.name === node
      if (isDeclared) declared.add(node.text)
      else if (!isMember) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return new Set([...used].filter((name) => !declared.has(name)))
}

it('a program is part of an example, or compiles', { timeout: 300_000 }, async () => {
  const known = await exportsByName()
  const folder = join(root, 'node_modules/.cache/blocks')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'ambient.ts'), AMBIENT)
  const compiled = blocks.filter((block) => isProgram(block) && !isElsewhere(block) && !isOfExample(block))
  const files = compiled.map((block) => {
    const own = /^docs\/reference\/(.*)\.md$/.exec(block.page)?.[1] ?? ''
    const imports = [...freeNames(block.code)].flatMap((name) => {
      const before = OF_PAGE[block.page] ?? ''
      if (new RegExp(`\\b${name}\\b`).test(before)) return []
      if (USUAL[name] !== undefined) return USUAL[name]
      const entries = known.get(name) ?? []
      const entry = entries.find((one) => one === own) ?? entries[0]
      return entry === undefined ? [] : [`import { ${name} } from '${entry}'`]
    })
    const file = `${block.page.replaceAll(/\W/g, '-')}-${block.line}.ts`
    // In one line: the compiler then names the line of the page.
    const before = [OF_PAGE[block.page] ?? '', ...imports].join('; ')
    writeFileSync(join(folder, file), `${before}\n${block.code}\nexport {}\n`)
    return file
  })
  expect(files.length).toBeGreaterThan(60)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../../tsconfig.json',
      compilerOptions: { incremental: false, tsBuildInfoFile: null, noUncheckedIndexedAccess: false },
      files: ['ambient.ts', ...files],
      include: [],
    }),
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', folder], { encoding: 'utf8' })
  expect(stdout).toBe('')
})
