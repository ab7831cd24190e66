/**
 * What a command has found, on stdout. On a terminal a table that fits it; into a pipe or a file one row a line, its
 * fields whole and with tabs between them; with `--json` one JSON object a line.
 */
import { styleText } from 'node:util'
import { escapeControls } from '../../core/base/logger.ts'
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import { isRead, say } from './streams.ts'
import { padded, widthOf, wrapped } from './width.ts'

export interface OutOptions {
  readonly json: boolean
  readonly utc: boolean
  /** Columns of a list, by their heads, in this order. Default: those that the terminal has room for. */
  readonly fields?: readonly string[] | undefined
}

export interface Column<T> {
  readonly head: string
  readonly of: (row: T) => string
  readonly right?: boolean
  /** Left out of the table on a terminal with fewer columns. */
  readonly from?: number
}

/** The columns that were asked for, whatever the width. @throws OptionError for one that there is not */
function chosen<T>(columns: readonly Column<T>[], fields: readonly string[]): Column<T>[] {
  const names = columns.map(({ head }) => head.replaceAll(' ', '-'))
  return fields.map((field) => {
    const column = columns[names.indexOf(field)]
    if (column !== undefined) return { ...column, from: 0 }
    const meant = didYouMean(field, names) || `; there are ${names.join(', ')}`
    throw new OptionError(`--fields: there is no column ${JSON.stringify(field)}${meant}`)
  })
}

/** Rows that a table is made of at once: its columns are as wide as these need. */
const TOGETHER = 200

/** Resolves with the number of rows; stops where nobody reads on. `toJson` is what `--json` shows of a row. */
export async function showRows<T>(
  rows: AsyncIterable<T> | Iterable<T>,
  columns: readonly Column<T>[],
  { json, fields }: OutOptions,
  toJson: (row: T) => unknown = (row) => row,
): Promise<number> {
  let count = 0
  const write = json
    ? new Lines<T>((row) => JSON.stringify(toJson(row)))
    : newWriter(fields === undefined ? columns : chosen(columns, fields))
  for await (const row of rows) {
    if (!isRead()) break
    count++
    write.add(row)
  }
  write.end()
  return count
}

function newWriter<T>(columns: readonly Column<T>[]): Lines<T> | Table<T> {
  if (process.stdout.isTTY) return new Table(columns)
  return new Lines((row) => columns.map(({ of }) => escapeControls(of(row))).join('\t'))
}

class Lines<T> {
  readonly #line: (row: T) => string

  constructor(line: (row: T) => string) {
    this.#line = line
  }

  add(row: T): void {
    say(this.#line(row))
  }

  end(): void {}
}

/** Columns that the last one wants at least: with fewer, a row is a paragraph. */
const LAST_WANTS = 20

class Table<T> {
  readonly #columns: readonly Column<T>[]
  readonly #width = process.stdout.columns || 80
  readonly #waiting: string[][] = []
  #widths: readonly number[] | null = null

  constructor(columns: readonly Column<T>[]) {
    this.#columns = columns.filter(({ from = 0 }) => this.#width >= from)
  }

  add(row: T): void {
    this.#waiting.push(this.#columns.map(({ of }) => escapeControls(of(row))))
    if (this.#waiting.length === TOGETHER) this.end()
  }

  end(): void {
    const rows = this.#waiting.splice(0)
    if (rows.length === 0) return
    if (this.#widths === null) {
      const heads = this.#columns.map(({ head }) => head)
      this.#widths = heads.map((_, at) => Math.max(...[heads, ...rows].map((cells) => widthOf(cells[at] ?? ''))))
      for (const line of this.#lines(heads)) say(styleText('dim', line, { stream: process.stdout }))
    }
    for (const cells of rows) for (const line of this.#lines(cells)) say(line)
  }

  /** A row, none of it cut: what the last column has too much of stands below in the same column. */
  #lines(cells: readonly string[]): string[] {
    const before = cells
      .slice(0, -1)
      .map((cell, at) => `${padded(cell, this.#widths?.[at] ?? 0, this.#columns[at]?.right)}  `)
      .join('')
    const [last = '', indent] = [cells.at(-1), widthOf(before)]
    const room = this.#width - indent
    if (widthOf(last) <= room) return [`${before}${this.#padded(last)}`.trimEnd()]
    if (room < LAST_WANTS) return indented('', cells.filter(Boolean).join('  '), this.#width - 2, 2)
    return indented(before, last, room, indent)
  }

  /** On the right where it is a number. */
  #padded(last: string): string {
    return this.#columns.at(-1)?.right ? padded(last, this.#widths?.at(-1) ?? 0, true) : last
  }
}

/** The text, broken to the width; its further lines begin so far from the left. */
function indented(before: string, text: string, width: number, indent: number): string[] {
  return wrapped(text, width).map((line, at) => (at === 0 ? before : ' '.repeat(indent)) + line)
}

/** Facts of one thing: `name  value` lines; with tabs where nobody looks. A value of several lines is indented. */
export function showFacts(facts: ReadonlyArray<readonly [name: string, value: string | null]>): void {
  const shown = facts.filter(([, value]) => value !== null && value !== '')
  const width = Math.max(...shown.map(([name]) => name.length)) + 2
  for (const [name, value] of shown) {
    const head = process.stdout.isTTY ? styleText('dim', name.padEnd(width), { stream: process.stdout }) : `${name}\t`
    const lines = String(value).split('\n').map(escapeControls)
    say(`${head}${lines.join(`\n${process.stdout.isTTY ? ' '.repeat(width) : '\t'}`)}`)
  }
}
