/** Everything that has a name has its row: exports, error codes, log events, metrics, and the options of commands. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript5'
import { expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { METRIC_NAMES } from '../../src/telemetry/table.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The words of a union of texts. */
function wordsOf(file: string, type: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
  const found = source.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === type)
  return [...(found?.getText() ?? '').matchAll(/^\s+\| '([^']+)'/gm)].map(([, word = '']) => word)
}

/** The first cell of each row, where it is code. */
const rowsOf = (page: string) => [...read(page).matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name)

it('has a row for each error code', () => {
  const codes = wordsOf('src/errors.ts', 'ErrorCode')
  expect(codes.length).toBeGreaterThan(30)
  expect(rowsOf('docs/errors.md').sort()).toEqual(codes.sort())
})

it('has a row for each log event', () => {
  const events = wordsOf('src/types.ts', 'LogEvent')
  expect(events.length).toBeGreaterThan(50)
  expect(events.filter((event) => !rowsOf('docs/operations.md').includes(event))).toEqual([])
})

it('has a row for each metric', () => {
  expect(METRIC_NAMES.filter((name) => !rowsOf('docs/metrics.md').includes(name))).toEqual([])
})

interface Command {
  name(): string
  readonly commands: readonly Command[]
  readonly options: ReadonlyArray<{ readonly flags: string; readonly hidden: boolean }>
}

it('has every command, with each of its options', () => {
  const page = read('docs/cli.md')
  const missing = (command: Command, before: string): string[] => {
    const name = `${before}${command.name()}`
    if (command.commands.length > 0) return command.commands.flatMap((child) => missing(child, `${name} `))
    const from = page.indexOf(`# posthorn ${name}\n`)
    const section = page.slice(from, page.indexOf('\n#', from + 1))
    const flags = command.options.filter(({ hidden }) => !hidden).map(({ flags }) => flags.split(/[ ,<[]/)[0] ?? '')
    return [
      ...(from < 0 ? [name] : []),
      ...flags.filter((flag) => !section.includes(flag)).map((flag) => `${name} ${flag}`),
    ]
  }
  const all = COMMANDS.map((create) => create(() => {}) as unknown as Command)
  expect(all.length).toBeGreaterThan(8)
  expect(all.flatMap((command) => missing(command, ''))).toEqual([])
})

/** The schemas of zod have a pattern in the place of a row each: docs/schemas.md. */
it('has each export', { timeout: 120_000 }, async () => {
  const entries = Object.entries(manifest.exports)
    .flatMap(([name, files]) => (typeof files === 'string' ? [] : [name.replace('.', 'posthorn')]))
    .filter((name) => !name.startsWith('posthorn/zod'))
  expect(entries.length).toBeGreaterThan(20)
  const missing = await Promise.all(
    entries.map(async (entry) => {
      const headings = read(`docs/reference/${entry}.md`).match(/^## .*$/gm) ?? []
      const named = headings.map((heading) => heading.replaceAll(/^## |\\|\(\)$/g, ''))
      return Object.keys(await import(entry))
        .filter((name) => !named.includes(name))
        .map((name) => `${entry} ${name}`)
    }),
  )
  expect(missing.flat()).toEqual([])
})
