/** The reference is what TypeDoc makes of the declarations as they are: `npm run reference` makes it anew. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { areBrought } from '../support/brought.ts'

const root = join(import.meta.dirname, '../..')
const tool = join(root, 'scripts/reference')
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()

it.skipIf(!areBrought(tool))('is fresh', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-reference-'))
  const typedoc = join(tool, 'node_modules/typedoc/bin/typedoc')
  const { status, stderr } = spawnSync(
    process.execPath,
    [typedoc, '--options', join(tool, 'typedoc.json'), '--out', folder],
    {
      encoding: 'utf8',
    },
  )
  expect(status, stderr).toBe(0)
  const made = filesIn(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])
  const kept = filesIn(join(root, 'docs/reference')).map((name) => [
    name,
    readFileSync(join(root, 'docs/reference', name), 'utf8'),
  ])
  rmSync(folder, { recursive: true, force: true })
  expect(kept).toEqual(made)
})

it('has a page for each entry that has more than schemas', () => {
  const entries = Object.keys(manifest.exports)
    .map((name) => name.replace('.', 'posthorn'))
    .filter((name) => !/package\.json|schemas|zod/.test(name))
  const pages = filesIn(join(root, 'docs/reference')).map((name) => name.replace('.md', ''))
  expect(pages.filter((name) => name !== 'README')).toEqual(entries.sort())
})

it('shows each function in an example', () => {
  const sections = filesIn(join(root, 'docs/reference')).flatMap((page) =>
    readFileSync(join(root, 'docs/reference', page), 'utf8')
      .split(/^## /m)
      .slice(1)
      .filter((section) => /^[a-z]\w*\(\)\n/.test(section))
      .map((section) => ({ name: `${page} ${section.split('\n')[0]}`, hasExample: section.includes('```ts') })),
  )
  expect(sections.length).toBeGreaterThan(60)
  expect(sections.filter(({ hasExample }) => !hasExample).map(({ name }) => name)).toEqual([])
})
