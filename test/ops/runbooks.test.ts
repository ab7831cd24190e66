/** The runbooks in the docs: every link leads to a heading, and every command is one that there is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FINDINGS } from '../../src/alerts/rules.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { parseFilter } from '../../src/core/filter/parse.ts'

const root = join(import.meta.dirname, '../..')
const read = (page: string) => readFileSync(join(root, 'docs', page), 'utf8')
const headings = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )

it.each(['operations.md', 'alerts.md', 'metrics.md'])('%s links to headings that are there', (page) => {
  const links = [...read(page).matchAll(/\]\((\w[\w-]*\.md)?#([\w-]+)\)/g)]
  for (const [, other = page, anchor] of links) expect(headings(read(other))).toContain(anchor)
})

it('has a runbook for each finding', () => {
  expect(headings(read('alerts.md'))).toEqual(expect.arrayContaining([...FINDINGS]))
})

interface Shape {
  name(): string
  readonly commands: readonly Shape[]
  readonly args: readonly string[]
  action(run: () => void): void
  exitOverride(): void
  configureOutput(options: object): void
  opts(): Readonly<Record<string, unknown>>
  parse(words: readonly string[], options: { readonly from: 'user' }): void
}

/** A command line, as the shell would split it. */
const wordsOf = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare)

/** Does nothing, and throws where it is called wrongly. */
function tamed(command: Shape, ran: (leaf: Shape) => void): void {
  command.exitOverride()
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  if (command.commands.length === 0) command.action(() => ran(command))
  for (const one of command.commands) tamed(one, ran)
}

/** What is wrong with a command line, by the declarations of the program itself; null: nothing. */
function wrongIn(line: string): string | null {
  const [name = '', ...words] = wordsOf(line)
  const command = (COMMANDS.map((create) => create(() => {})) as unknown as Shape[]).find((one) => one.name() === name)
  if (command === undefined) return `there is no ${name}`
  let leaf: Shape | null = null
  tamed(command, (found) => {
    leaf = found
  })
  try {
    command.parse(words, { from: 'user' })
    const filter = (leaf as Shape | null)?.opts().filter
    if (typeof filter === 'string') parseFilter(filter, { at: 'filter', now: Date.now() })
    return leaf === null ? 'it does nothing' : null
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return code === 'commander.helpDisplayed' ? null : message
  }
}

const pages = ['operations.md', 'alerts.md']

it('names commands that the command line has, with what they take', () => {
  const shown = pages.flatMap((page) => [...read(page).matchAll(/^posthorn (.*)$/gm)])
  expect(shown.length).toBeGreaterThan(30)
  expect(shown.flatMap(([line, rest = '']) => (wrongIn(rest) === null ? [] : [`${line}: ${wrongIn(rest)}`]))).toEqual(
    [],
  )
})

it.each([
  'inbox statz --inbox inbox.db',
  'inbox stats --inbox',
  'inbox stats --inboxx inbox.db',
  'inbox show --inbox inbox.db',
  'inbox dead --filter "handlr:x"',
  'hooks',
  'nothing',
])('would find %s wrong', (line) => {
  expect(wrongIn(line)).not.toBeNull()
})

it('gives three commands in each runbook, and a runbook for each log event', () => {
  const union =
    readFileSync(join(root, 'src/types.ts'), 'utf8').match(/export type LogEvent =\n([\s\S]*?)\n\n/)?.[1] ?? ''
  const events = [...union.matchAll(/'([\w.]+)'/g)].map(([, id]) => id)
  const books = pages.flatMap((page) =>
    read(page)
      .split(/^#{3,4} /m)
      .filter((part) => part.includes('**Likely causes**')),
  )
  expect(books.length).toBeGreaterThan(FINDINGS.length + 8)
  for (const book of books) {
    expect(book).toMatch(/\*\*Wake\*\* \w/)
    const [, commands = ''] = /```sh\n([\s\S]*?)```/.exec(book) ?? []
    expect([book.split('\n')[0], commands.trim().split('\n').length]).toEqual([expect.any(String), 3])
  }
  const told = books.flatMap((book) => [...(/\*\*Events\*\* (.*)/.exec(book)?.[1] ?? '').matchAll(/`([\w.]+)`/g)])
  expect(events.length).toBeGreaterThan(50)
  expect(told.map(([, id]) => id).sort()).toEqual([...events].sort())
})
