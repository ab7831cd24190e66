/** Every option of the package: it has its row in docs/options.md, and the default that it states is the one in the code. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript5'
import { describe, expect, it } from 'vitest'
import { optionTypes, renderOptions } from '../../scripts/docs/option-types.ts'

const root = join(import.meta.dirname, '../..')
const types = optionTypes()

type Value = number | string | boolean

const UNITS: Readonly<Record<string, number>> = {
  ...{
    ms: 1,
    s: 1_000,
    second: 1_000,
    m: 60_000,
    minute: 60_000,
    h: 3_600_000,
    hour: 3_600_000,
    d: 86_400_000,
    day: 86_400_000,
  },
  ...{ KiB: 1 << 10, MiB: 1 << 20 },
}

/** The value that a statement begins with: `64 MiB`, `30_000`, `2 minutes`, `` `stored` ``, `7d`; null where it is prose. */
function stated(text: string): Value | null {
  const [, word] = /^`'?([^`'<[]+)'?`/.exec(text) ?? []
  if (word !== undefined) return comparable(word)
  if (/^\d+(, \d+)+$/.test(text)) return text
  if (/^(true|false)\b/.test(text)) return text.startsWith('true')
  const [, number, unit] = /^(-?\d[\d_ ]*(?:\.\d+)?)(?:\s?([A-Za-z]+))?/.exec(text) ?? []
  if (number === undefined) return null
  return Number(number.replaceAll(/[_ ]/g, '')) * (UNITS[unit ?? ''] ?? UNITS[unit?.replace(/s$/, '') ?? ''] ?? 1)
}

/** A duration in words and one in ms are the same. */
function comparable(value: Value): Value {
  const [, number, unit = ''] = typeof value === 'string' ? (/^(\d+)(ms|s|m|h|d)$/.exec(value) ?? []) : []
  return number === undefined ? value : Number(number) * (UNITS[unit] ?? 1)
}

/** The files whose code settles the options that are declared in this one. */
function roomOf(file: string): string {
  const [, room = ''] = /^src\/((?:forwarders|inboxes)\/\w+|[\w.]+)/.exec(file) ?? []
  if (file === 'src/public/config.ts') return 'src/cli'
  if (room === 'public' || room === 'types.ts') return 'src/core'
  return room === 'ports' ? 'src/dashboard' : `src/${room}`
}

const rooms = new Map<string, ReadonlyMap<string, ReadonlySet<Value>>>()

/** What the code of a room takes for each name where nothing is given. */
function defaultsIn(room: string): ReadonlyMap<string, ReadonlySet<Value>> {
  const known = rooms.get(room)
  if (known !== undefined) return known
  const found = new Map<string, Set<Value>>()
  for (const file of globSync(`${room}/**/*.ts`, { cwd: root, exclude: ['**/*.generated.ts'] })) {
    const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true)
    const constants = constantsOf(source)
    const note = (name: string | null, node: ts.Expression | undefined): void => {
      if (node !== undefined && ts.isConditionalExpression(node)) {
        note(name, node.whenTrue)
        note(name, node.whenFalse)
        return
      }
      const value = node === undefined ? null : evaluated(node, constants)
      if (name === null || value === null) return
      found.set(name, (found.get(name) ?? new Set()).add(comparable(value)))
    }
    const visit = (node: ts.Node): void => {
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
        note(nameOf(node.left), node.right)
      // `wholeNumber('leaseMs', options.leaseMs, 15_000, …)` and its like.
      if (ts.isCallExpression(node) && node.arguments[1] !== undefined)
        note(nameOf(node.arguments[1]), node.arguments[2])
      if (ts.isParameter(node)) note(node.name.getText(), node.initializer)
      if (isTrue(node)) note(nameOf(node.left), ts.factory.createFalse())
      if (ts.isBindingElement(node)) note((node.propertyName ?? node.name).getText(), node.initializer)
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  rooms.set(room, found)
  return found
}

/** `options.dryRun === true`: without it, false. */
const isTrue = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) &&
  node.operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken &&
  node.right.kind === ts.SyntaxKind.TrueKeyword

/** `leaseMs` and `options.leaseMs`. */
const nameOf = (node: ts.Expression) =>
  ts.isIdentifier(node) ? node.text : ts.isPropertyAccessExpression(node) ? node.name.text : null

function constantsOf(source: ts.SourceFile): ReadonlyMap<string, ts.Expression> {
  const declared = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
  return new Map(
    declared.flatMap(({ name, initializer }): [string, ts.Expression][] => {
      if (initializer === undefined) return []
      if (!ts.isArrayBindingPattern(name) || !ts.isArrayLiteralExpression(initializer))
        return [[name.getText(), initializer]]
      return initializer.elements.map((value, at) => [name.elements[at]?.getText() ?? '', value])
    }),
  )
}

function evaluated(node: ts.Expression, constants: ReadonlyMap<string, ts.Expression>): Value | null {
  if (ts.isNumericLiteral(node)) return Number(node.text)
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword)
    return node.kind === ts.SyntaxKind.TrueKeyword
  const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined
  if (constant !== undefined) return evaluated(constant, constants)
  if (ts.isArrayLiteralExpression(node)) {
    const values = node.elements.map((one) => evaluated(one, constants))
    return values.length === 0 || values.includes(null) ? null : values.join(', ')
  }
  if (ts.isPrefixUnaryExpression(node)) {
    const value = evaluated(node.operand, constants)
    return typeof value === 'number' && node.operator === ts.SyntaxKind.MinusToken ? -value : null
  }
  if (ts.isCallExpression(node) && node.expression.getText() === 'Math.max')
    return evaluated(node.arguments[1] ?? node, constants)
  if (!ts.isBinaryExpression(node)) return null
  const [left, right] = [evaluated(node.left, constants), evaluated(node.right, constants)]
  if (typeof left !== 'number' || typeof right !== 'number') return null
  const { kind } = node.operatorToken
  if (kind === ts.SyntaxKind.AsteriskToken) return left * right
  if (kind === ts.SyntaxKind.LessThanLessThanToken) return left << right
  return kind === ts.SyntaxKind.AsteriskAsteriskToken ? left ** right : null
}

const all = types.flatMap(({ name: type, options }) =>
  options.map((option) => ({ called: `${type}.${option.name}`, name: option.name.split('.').at(-1) ?? '', option })),
)
/** Options of methods, which have the name of another. */
const OTHERS = ['src/core timeoutMs 10000']

/** Rows of tables with a column `option` and one `default`. */
function tablesOf(page: string): ReadonlyArray<{ readonly name: string; readonly text: string }> {
  const lines = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  let columns: readonly [number, number] = [-1, -1]
  return lines.flatMap((cells, at) => {
    if (lines[at + 1]?.[1]?.startsWith('---')) columns = [cells.indexOf('option'), cells.indexOf('default')]
    const name = /^`(\w+)`/.exec(cells[columns[0]] ?? '')?.[1]
    return name === undefined || columns[1] < 0 ? [] : [{ name, text: cells[columns[1]] ?? '' }]
  })
}

const numbersIn = (doc: string) =>
  [...doc.matchAll(/-?\d[\d_ ]*(?:\.\d+)?(?:\s?[A-Za-z]+)?/g)].map(([text]) => stated(text))
const inCode = ({ name, option }: (typeof all)[number]) => defaultsIn(roomOf(option.file)).get(name) ?? new Set()

describe('the options', { timeout: 120_000 }, () => {
  const withValue = all.flatMap((one) => {
    const value = one.option.default === null ? null : stated(one.option.default)
    return value === null ? [] : [{ ...one, value }]
  })

  it('state defaults that the code has', () => {
    expect(withValue.length).toBeGreaterThan(100)
    const wrong = withValue
      .filter((one) => !inCode(one).has(one.value))
      .map((one) => `${one.called}: ${one.value}, in the code ${[...inCode(one)]}`)
    expect(wrong).toEqual([])
  })

  it('name every number that the code has as a default of theirs', () => {
    const told = ({ name, option }: (typeof all)[number]) =>
      all
        .filter((one) => one.name === name && roomOf(one.option.file) === roomOf(option.file))
        .flatMap((one) => numbersIn(one.option.doc))
    const wrong = all.flatMap((one) =>
      [...inCode(one)]
        .filter((value) => typeof value === 'number' && value > 1 && value < 2 ** 53)
        .filter(
          (value) => !told(one).includes(value) && !OTHERS.includes(`${roomOf(one.option.file)} ${one.name} ${value}`),
        )
        .map((value) => `${one.called}: ${value}`),
    )
    expect(wrong).toEqual([])
  })

  it('have the same defaults on the pages that show some of them', () => {
    const shown = globSync('docs/**/*.md', {
      cwd: root,
      exclude: ['docs/reference/**', 'docs/options.md', 'docs/cli.md'],
    })
      .flatMap((page) => tablesOf(readFileSync(join(root, page), 'utf8')).map((row) => ({ page, ...row })))
      .filter(({ name }) => all.some((one) => one.name === name))
    expect(shown.length).toBeGreaterThan(10)
    const wrong = shown.filter(({ name, text }) => {
      const value = stated(text)
      return typeof value === 'number' && !withValue.some((one) => one.name === name && one.value === value)
    })
    expect(wrong).toEqual([])
  })

  it('have the same defaults in the sentences of the pages', () => {
    const pages = globSync(['README.md', 'docs/**/*.md'], {
      cwd: root,
      exclude: ['docs/reference/**', 'docs/options.md', 'docs/cli.md', 'docs/performance.md'],
    })
    const said = pages.flatMap((page) =>
      [
        ...readFileSync(join(root, page), 'utf8').matchAll(
          /`(?:[a-z]\w*\.)?([a-z]\w*)`(?: \(|, )(\d[\d_ ]*(?: ?(?:ms|s|m|h|d|KiB|MiB|seconds?|minutes?|hours?|days?))?)(?:\)| by default)/g,
        ),
      ].map(([text, name = '', value = '']) => ({ page, text, name, value: stated(value.trim()) })),
    )
    const known = said.filter(({ name }) => withValue.some((one) => one.name === name))
    expect(known.length).toBeGreaterThan(8)
    const wrong = known.filter(({ name, value }) => !withValue.some((one) => one.name === name && one.value === value))
    expect(wrong).toEqual([])
  })

  it('have their rows', () => {
    expect(readFileSync(join(root, 'docs/options.md'), 'utf8')).toBe(renderOptions())
  })
})
