/** What docs/looking.md and docs/filters.md show, run: programs over an inbox, lines of a shell, filters. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { unauthenticated } from '../src/auth/index.ts'
import { parseFilter } from '../src/core/filter/parse.ts'
import { memory } from '../src/inboxes/memory/index.ts'
import { createReceiver, PermanentError } from '../src/index.ts'
import { momentum } from '../src/providers/momentum/index.ts'
import { bounce, dumped, seeded, typed } from './cli/inbox-file.ts'

const root = join(import.meta.dirname, '..')
const PAGES = ['docs/looking.md', 'docs/filters.md']
const read = (page: string) => readFileSync(join(root, page), 'utf8')
const blocksOf = (page: string, kind: string) =>
  [...read(page).matchAll(/```(\w+)\n([\s\S]*?)```/g)].flatMap(([, is, text = '']) => (is === kind ? [text] : []))

const receiver = createReceiver({
  inbox: memory(),
  sources: { shop: momentum({ auth: unauthenticated() }) },
  logger: false,
})
receiver.on('*', { name: 'warehouse' }, () => {
  throw new PermanentError('no')
})

let path: string
beforeAll(async () => {
  await receiver.inject('shop', dumped(bounce(1)))
  await receiver.whenIdle()
  path = (await seeded()).path
})
afterAll(() => receiver.close())

it('has blocks of no other kind than those that are run', () => {
  for (const page of PAGES)
    for (const [, kind] of read(page).matchAll(/```(\w*)\n[\s\S]*?```/g)) expect(['ts', 'sh']).toContain(kind)
})

const programs = PAGES.flatMap((page) => blocksOf(page, 'ts').map((text) => [page, text] as const))
it.each(programs)('%s: its program runs', async (_, text) => {
  const log = vi.fn()
  const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>
  await new AsyncFunction('receiver', 'console', text)(receiver, { log })
  expect(log).toHaveBeenCalled()
})

const lines = PAGES.flatMap((page) => blocksOf(page, 'sh').flatMap((text) => text.trim().split('\n')))
it.each(lines)('%s', async (line) => {
  const [program, ...words] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
  expect(program).toBe('posthorn')
  const once = words
    .filter((word) => word !== '--watch')
    .map((word) => word.replace('handler:warehouse', 'handler:suppress'))
  const { code, err } = await typed([...once, '--inbox', path])
  // 1: nothing is stored of that mail or person.
  expect([0, 1], err).toContain(code)
})

it('has filters that are filters, and names files that are there', () => {
  const page = read('docs/filters.md')
  const clauses = [...page.matchAll(/`(-?[a-z]+:[^`…]+)`/g)].map(([, clause = '']) => clause)
  expect(clauses.length).toBeGreaterThan(10)
  for (const clause of clauses)
    expect(() => parseFilter(clause, { now: Date.now(), at: 'filter' }), clause).not.toThrow()
  for (const file of PAGES.flatMap((one) => [...read(one).matchAll(/bench\/\w+\.ts/g)]))
    expect(existsSync(join(root, file[0]))).toBe(true)
})
