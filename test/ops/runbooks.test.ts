/** The runbooks in the docs: one for each finding and log event, with whole commands that there are. Links: docs/pages.test.ts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FINDINGS } from '../../src/alerts/rules.ts'
import { wrongIn } from '../support/command-lines.ts'

const root = join(import.meta.dirname, '../..')
const read = (page: string) => readFileSync(join(root, 'docs', page), 'utf8')
const headings = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )

it('has a runbook for each finding', () => {
  expect(headings(read('alerts.md'))).toEqual(expect.arrayContaining([...FINDINGS]))
})

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
