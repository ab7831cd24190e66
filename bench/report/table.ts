/** Tables in Markdown whose columns stand below each other in a terminal too. */
import { type Spread, spreadOf } from '../harness/stats.ts'

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, ...[[title], ...rows.map((row) => [row[column] ?? ''])].map(([cell = '']) => cell.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => pad(cells[i] ?? '', width, i)).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** Names to the left, figures to the right. */
const pad = (cell: string, width: number, column: number) => (column === 0 ? cell.padEnd(width) : cell.padStart(width))

/** Three digits that count, none after a whole number; thousands apart. */
export function figure(value: number): string {
  const digits = Number.isInteger(value) ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 3)).replace(/\B(?=(\d{3})+(?!\d))/g, digits === 0 ? ' ' : '')
}

/** Median and, where there were several rounds, the least and the most of them. */
export function spreadText(rounds: readonly number[]): string {
  const { count, median, min, max }: Spread = spreadOf(rounds)
  return count === 1 ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`
}
