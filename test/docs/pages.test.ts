/** Every page: where its links lead, which commands it names, and whether its programs compile. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { OF_ALL } from '../../src/cli/commands/all.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'

const root = join(import.meta.dirname, '../..')
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const read = (page: string) => readFileSync(join(root, page), 'utf8')
const fenced = /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm
const prose = (text: string) => text.replaceAll(fenced, '')

const anchors = new Map<string, readonly string[]>()

/** As forges make them: a second heading of a name gets a number. And those that are written out. */
function anchorsOf(page: string): readonly string[] {
  const known = anchors.get(page)
  if (known !== undefined) return known
  const text = read(page)
  const times = new Map<string, number>()
  const written = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  const headings = [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => {
    const anchor = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const n = times.get(anchor) ?? 0
    times.set(anchor, n + 1)
    return n === 0 ? anchor : `${anchor}-${n}`
  })
  anchors.set(page, [...written, ...headings])
  return anchors.get(page) ?? []
}

it('leads to files and headings that are there', () => {
  const broken = ['SECURITY.md', 'CHANGELOG.md', 'examples/README.md', ...pages].flatMap((page) =>
    [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? page : join(dirname(page), path)
        if (!existsSync(join(root, target))) return true
        return anchor !== undefined && !anchorsOf(target).includes(anchor)
      })
      .map((link) => `${page}: ${link}`),
  )
  expect(broken).toEqual([])
})

it('names every example', () => {
  const page = read('examples/README.md')
  const shown = [...page.matchAll(/\]\(([^)\s/]+)/g)].map(([, name]) => name)
  const names = readdirSync(join(root, 'examples')).filter((name) => !['README.md', 'tsconfig.json'].includes(name))
  expect(names.filter((name) => !shown.includes(name))).toEqual([])
})

it('is found from README', () => {
  const seen = new Set(['README.md'])
  for (const page of seen)
    for (const [, link = ''] of read(page).matchAll(/\]\(([^)\s#]+\.md)(?:#[^)\s]*)?\)/g)) {
      const target = join(dirname(page), link)
      if (pages.includes(target)) seen.add(target)
    }
  expect(pages.filter((page) => !seen.has(page))).toEqual([])
})

interface Shape {
  name(): string
  readonly commands: readonly Shape[]
  readonly options: ReadonlyArray<{ readonly long?: string | undefined }>
}

/** What of a command line there is not: a name, or an option; null: there is all of it. */
function unknownIn([name = '', ...words]: readonly string[], commands: readonly Shape[]): string | null {
  const found = commands.find((command) => command.name() === name)
  if (found === undefined) return name
  if (found.commands.length > 0 && words[0] !== undefined) return unknownIn(words, found.commands)
  const known = [...found.options, ...OF_ALL()].map(({ long }) => long ?? '').concat('--help')
  return words.find((word) => word.startsWith('--') && !known.includes(word.split('=')[0] ?? '')) ?? null
}

it('names commands and options that the command line has', () => {
  const commands = COMMANDS.map((create) => create(() => {})) as unknown as Shape[]
  const shown = pages.flatMap((page) => {
    const text = read(page)
    const inProse = [...prose(text).matchAll(/`(?:npx )?posthorn ([a-z][^`]*)`/g)].map(([, line = '']) => line)
    const inBlocks = [...text.matchAll(fenced)]
      .filter(([, language]) => language === 'sh')
      .flatMap(([, , code = '']) => [...code.matchAll(/^(?:npx )?posthorn ([a-z].*)$/gm)].map(([, line = '']) => line))
    return [...inProse, ...inBlocks].map((line) => ({ page, line: line.split(/ #|…|\||&&/)[0]?.trim() ?? '' }))
  })
  expect(shown.length).toBeGreaterThan(100)
  const wrong = shown.flatMap(({ page, line }) => {
    const unknown = unknownIn(line.split(/\s+/), commands)
    return unknown === null || unknown === '' ? [] : [`${page}: posthorn ${line}: ${unknown}`]
  })
  expect(wrong).toEqual([])
})

/** Compiled as they stand; the other pages are held to whole programs by their own tests. */
const WHOLE = pages.filter((page) => page.startsWith('docs/senders/'))

it('has programs that compile', () => {
  const folder = join(root, 'node_modules/.cache/pages')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = WHOLE.flatMap((page) =>
    [...read(page).matchAll(fenced)]
      .filter(([, language]) => language === 'ts')
      .map(([, , code = ''], n) => {
        const file = join(folder, `${page.replaceAll(/\W/g, '-')}-${n}.ts`)
        writeFileSync(file, `${code}\nexport {}\n`)
        return file
      }),
  )
  expect(files.length).toBeGreaterThan(5)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.json', files, include: [] }),
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', folder], { encoding: 'utf8' })
  rmSync(folder, { recursive: true, force: true })
  expect(stdout).toBe('')
}, 60_000)

it('names codes, findings and log events that there are', () => {
  const sources = ['src/errors.ts', 'src/types.ts'].map(read).join('\n')
  const wrong = pages.flatMap((page) =>
    [...prose(read(page)).matchAll(/`(ERR_[A-Z_]+)`/g)]
      .filter(([, code]) => !sources.includes(`'${code}'`))
      .map(([, code]) => `${page}: ${code}`),
  )
  expect(wrong).toEqual([])
  const doctor = readdirSync(join(root, 'src/cli/doctor'))
    .map((name) => read(`src/cli/doctor/${name}`))
    .join('\n')
  const checked = [...read('docs/production.md').matchAll(/\| ((?:`[a-z_]+` ?)+)\|$/gm)].flatMap(([, cell = '']) => [
    ...cell.matchAll(/`([a-z_]+)`/g),
  ])
  expect(checked.length).toBeGreaterThan(8)
  for (const [, id] of checked) expect(doctor).toContain(`'${id}'`)
})
