/** The runbooks in the docs: every link leads to a heading, and every command is one that there is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FINDINGS } from '../../src/alerts/rules.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'

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
  readonly options: ReadonlyArray<{ readonly long?: string | undefined }>
}

/** What of a command line there is not: a name, or an option; null: there is all of it. */
function unknownIn([name = '', ...words]: readonly string[], commands: readonly Shape[]): string | null {
  const found = commands.find((command) => command.name() === name)
  if (found === undefined) return name
  if (found.commands.length > 0) return unknownIn(words, found.commands)
  const known = [...found.options.map(({ long }) => long), '--help']
  return words.find((word) => word.startsWith('--') && !known.includes(word)) ?? null
}

it('names commands that the command line has', () => {
  const commands = COMMANDS.map((create) => create(() => {})) as unknown as Shape[]
  const shown = ['operations.md', 'alerts.md'].flatMap((page) => [...read(page).matchAll(/^posthorn (.*)$/gm)])
  expect(shown.length).toBeGreaterThan(30)
  const wrong = shown.flatMap(([line, rest = '']) => {
    const unknown = unknownIn(rest.split(' '), commands)
    return unknown === null ? [] : [`${line}: ${unknown}`]
  })
  expect(wrong).toEqual([])
})
