/** The table of numbers in `README.md`: rows and columns of the tables of `docs/performance.md`, which a run has made. */
import { table } from './markdown.ts'

/** As the page of performance calls them, and as README does. */
const SUBJECTS = {
  'node:http + JSON.parse': 'bare `node:http`, `JSON.parse`',
  'Express + express.json + zod': 'Express, `express.json()`, zod',
  'pg-boss, a job per event': 'pg-boss, a job for each event, in PostgreSQL',
  'posthorn node sqlite': '**Posthorn**, SQLite',
} as const

const KEEPS: readonly (keyof typeof SUBJECTS)[] = ['pg-boss, a job per event', 'posthorn node sqlite']

const COLUMNS = [
  { section: 'momentum, 10000 events a post', column: 'ack p99, ms', nth: 0 },
  { section: 'momentum, 10000 events a post', column: 'events, events/s', nth: 1 },
  { section: 'momentum, 1 event a post, 32 connections', column: 'posts, posts/s', nth: 0 },
] as const

/** The medians, without their ranges. @throws where the page has no such row or column */
export function renderNumbers(performance: string): string {
  const rows = Object.entries(SUBJECTS).map(([subject, name]) => [
    name,
    ...COLUMNS.map(({ section, column, nth }) => medianOf(performance, { section, column, nth, subject })),
    KEEPS.some((one) => one === subject) ? 'keeps it' : 'loses it',
  ])
  const head = [
    '',
    'answer to 10 000 events, p99 in ms',
    'events to a handler, a second',
    'posts of one event, a second',
    'a crash after the 200',
  ]
  return table(head, rows)
}

interface Place {
  readonly section: string
  readonly column: string
  /** Which of the tables of that name. */
  readonly nth: number
  readonly subject: string
}

function medianOf(performance: string, { section, column, nth, subject }: Place): string {
  const tables = performance.split(`**${section}**\n`).slice(1)
  const lines = (tables[nth] ?? '').trimStart().split('\n')
  const cells = (line = '') => line.split('|').map((cell) => cell.trim())
  const at = cells(lines[0]).indexOf(column)
  const row = lines.map(cells).find(([, name]) => name === subject)
  const median = row?.[at]?.replace(/ \(.*/, '')
  if (at < 0 || !median) throw new Error(`docs/performance.md has no ${column} of ${subject} under ${section}`)
  return median
}
