/** `view=sender`: is it late, repeating, silent. */
import { bytes, number, percent } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { code, empty, link, mark, section, word } from '../parts/pieces.ts'
import { type See, to } from '../parts/see.ts'
import { bars } from '../parts/spark.ts'
import { facts, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { ago, spanText, when } from '../parts/time.ts'
import type { CredentialRow, SenderData } from './load/sender.ts'
import { findings } from './now.ts'
import { rangeLinks } from './parts-of-events.ts'

const LATE = ['≤ 1 s', '≤ 10 s', '≤ 1 min', '≤ 10 min', '≤ 1 h', '≤ 6 h', '≤ 24 h', 'over a day']
const DAY_MS = 86_400_000

export function drawSender(data: SenderData, see: See): Markup {
  const { source, provider, day } = data
  if (provider === null && day === null && data.credentials.length === 0)
    return empty(
      'There is no such source.',
      html`Nothing is configured or stored as ${code(source)}.`,
      link(to('now'), 'All senders'),
    )
  return html`${facts([
    ['Source', code(source)],
    ['Sender', provider ?? mark('look', 'not configured any more')],
    ['Last delivery', data.lastAt === null ? 'never' : ago(data.lastAt, see)],
    [
      'Usual gap',
      data.usualGapMs === null
        ? 'too few deliveries to say'
        : `${spanText(data.usualGapMs)}: look after ${spanText(Math.max(600_000, 10 * data.usualGapMs))} of silence, act after ${spanText(Math.max(1_800_000, 30 * data.usualGapMs))}`,
    ],
    ['Waits for an answer', spanText(data.ackLimitMs)],
    [
      'Answered, p99',
      data.acks &&
        mark(
          data.acks.p99Ms > data.ackLimitMs / 2 ? 'look' : 'well',
          `${spanText(data.acks.p99Ms)}, of the latest ${number(data.acks.of)} here`,
        ),
    ],
    ['Deliveries', link(to('deliveries', { filter: `source:${word(source)}` }), 'newest first')],
  ])}
  ${findings(data.findings, see)}
  ${
    day !== null &&
    section(
      'The last 24 hours',
      facts([
        ['Deliveries', `${number(day.deliveries)}, ${bytes(day.bytes)}`],
        ['Events', number(day.events)],
        ['Repeats', `${number(day.repeats)} (${percent(day.repeats / Math.max(1, day.repeats + day.deliveries))})`],
        ['Senders left', number(day.left)],
        ['Batch conflicts', number(day.conflicts)],
        [
          'Into quarantine',
          day.quarantined === 0
            ? '0'
            : link(to('quarantine', { filter: `source:${word(source)}` }), number(day.quarantined)),
        ],
      ]),
    )
  }
  ${
    data.chart !== null &&
    section(
      'Deliveries',
      bars(`Deliveries and repeats, ${data.chart.range}`, data.chart.steps, data.chart.series, (at) => when(at, see)),
      rangeLinks(see, ['1h', '6h', '24h', '7d', '35d'], data.chart.range),
    )
  }
  ${data.late.some((n) => n > 0) && section('How late events came, 24 hours', facts(data.late.map((n, i) => [LATE[i] ?? '', number(n)] as [string, Markup])))}
  ${
    data.types.length > 0 &&
    section(
      'What came, 24 hours',
      table({
        caption: 'Events by native name',
        quiet: true,
        rows: data.types,
        key: ({ name, type }) => `${name} ${type}`,
        columns: [
          {
            head: 'Name',
            is: 'what',
            of: ({ name, type }) =>
              link(to('events', { filter: `source:${word(source)} type:${word(type)}`, range: '24h' }), text(name)),
          },
          { head: 'Type', of: ({ type }) => text(type) },
          { head: 'Events', is: 'many', of: ({ count }) => number(count) },
        ],
      }),
    )
  }
  ${section(
    'Credentials',
    data.credentials.length === 0
      ? html`<p>None has been used yet.</p>`
      : table({
          caption: 'Credentials, with their last use over restarts',
          quiet: true,
          rows: data.credentials,
          key: ({ label }) => String(label),
          columns: [
            {
              head: 'Label',
              is: 'what',
              of: ({ label }) => (label === null ? html`<span class="none">without a label</span>` : code(label)),
            },
            { head: 'First use', is: 'when', of: ({ firstAt }) => when(firstAt, see) },
            { head: 'Last use', is: 'when', of: ({ lastAt }) => when(lastAt, see) },
            { head: 'Deliveries', is: 'many', of: ({ count }) => (count === null ? '–' : number(count)) },
            { head: 'Rotation', is: 'long', of: (row) => rotation(row, data, see) },
          ],
        }),
  )}`
}

function rotation({ isLater, lastAt }: CredentialRow, { credentials }: SenderData, { now }: See): Markup {
  if (credentials.length < 2) return null
  const idleMs = lastAt === null ? Number.POSITIVE_INFINITY : now - Date.parse(lastAt)
  if (!isLater) return 'first of its list'
  return idleMs < DAY_MS
    ? mark('look', 'still used')
    : mark('well', `unused for ${lastAt === null ? 'ever' : spanText(idleMs)}`)
}
