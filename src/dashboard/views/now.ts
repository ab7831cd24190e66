/** `view=now`: findings first, then senders, handlers, the newest troubles. */
import { bytes, counted, number, percent } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { link, mark, name as nameOf, section, sourceLink, word } from '../parts/pieces.ts'
import { type See, to } from '../parts/see.ts'
import { bars, spark } from '../parts/spark.ts'
import { table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { ago, when } from '../parts/time.ts'
import type { FindingRow } from './load/findings.ts'
import type { NowData, SenderRow, Trouble } from './load/now.ts'
import { rangeLinks } from './parts-of-events.ts'

export function drawNow(data: NowData, see: See): Markup {
  if (data.isNew) return setUp(see)
  return html`${findings(data.findings, see)}${senders(data.senders, see)}${chart(data, see)}${handlers(data, see)}${troubles(data.troubles, see)}`
}

/** Where each finding is looked into. */
export function findingLink({ id, about }: FindingRow): string {
  if (id === 'dead_letters' || id === 'handler_paused')
    return id === 'dead_letters'
      ? to('dead', { filter: about === null ? '' : `handler:${word(about)}` })
      : to('handlers')
  if (id === 'quarantine') return to('quarantine', { filter: about === null ? '' : `source:${word(about)}` })
  if (id === 'unknown_type') return to('events', { filter: `type:unknown since:1h` })
  if (id === 'storage_refuses' || id === 'disk_low') return to('storage')
  if (id === 'backlog_old') return to('handlers')
  return about === null ? to('now') : to('sender', { source: about })
}

export function findings(list: readonly FindingRow[], see: See): Markup {
  if (list.length === 0)
    return section(
      'Findings',
      html`<p class="good">${mark('well', 'Nothing is wrong.')} Every rule was looked at just now.</p>`,
    )
  return section(
    'Findings',
    html`<ul class="findings">${list.map(
      (
        one,
      ) => html`<li class=${one.severity} key=${`${one.id} ${one.about}`} data-row=""><p><a href=${findingLink(one)} data-open="">${mark(one.severity, one.severity)} ${text(one.text)}</a></p>
        <p class="aside">seen since ${when(one.since, see)} · <code>${one.id}</code>, docs/alerts.md</p></li>`,
    )}</ul>`,
  )
}

function senders(rows: readonly SenderRow[], see: See): Markup {
  return section(
    'Senders',
    table({
      caption: 'Senders, in the last hour',
      quiet: true,
      rows,
      key: ({ source }) => source,
      columns: [
        {
          head: 'Source',
          is: 'what',
          of: ({ source, provider, level }) =>
            html`<a href=${to('sender', { source })} data-open="">${mark(level, text(source))}</a> <span class="aside">${provider}</span>`,
        },
        {
          head: 'Last',
          is: 'when',
          of: ({ lastAt }) => (lastAt === null ? html`<span class="none">never</span>` : ago(lastAt, see)),
        },
        { head: 'Deliveries, last hour', is: 'many', of: rate },
        {
          head: 'By minute',
          of: ({ minutes, source }) =>
            minutes &&
            spark(
              minutes,
              `Deliveries of ${source} by minute, the last hour: ${minutes.reduce((sum, n) => sum + n, 0)}`,
            ),
        },
        { head: 'Events', is: 'many', of: ({ events }) => number(events) },
        {
          head: 'Repeats',
          is: 'many',
          of: ({ repeats, hour }) =>
            repeats === 0 ? '0' : `${number(repeats)} (${percent(repeats / Math.max(1, repeats + hour))})`,
        },
        {
          head: 'Late',
          is: 'many',
          of: ({ late, events }) => (late === 0 ? '0' : `${number(late)} (${percent(late / Math.max(1, events))})`),
        },
      ],
    }),
  )
}

function rate({ hour, usual }: SenderRow): Markup {
  return html`${number(hour)}${usual !== null && usual >= 0.5 && html` <span class="aside">usual ${number(usual)}</span>`}`
}

const RANGES = ['15m', '1h', '6h', '24h', '7d', '35d']

function chart({ chart: found }: NowData, see: See): Markup {
  if (found === null)
    return section('Events by type', html`<p class="notice">This inbox keeps no counts over time.</p>`)
  const drawn = bars(`Events by type, ${found.range}`, found.steps, found.series, (at) => when(at, see))
  return section('Events by type', drawn, rangeLinks(see, RANGES, found.range))
}

function handlers({ handlers: rows, backlog }: NowData, see: See): Markup {
  const waits =
    backlog.deliveries === 0
      ? 'Nothing waits.'
      : html`${counted(backlog.deliveries, 'delivery', 'deliveries')} with work left${backlog.bytes > 0 && `, ${bytes(backlog.bytes)} of them not read yet`}${backlog.oldestAt !== null && html`, the oldest from ${ago(backlog.oldestAt, see)}`}.`
  return section(
    'Handlers',
    html`<p>${waits}</p>${
      rows.length > 0 &&
      table({
        caption: 'Handlers, in the last hour',
        quiet: true,
        rows,
        key: ({ name }) => name,
        columns: [
          { head: 'Handler', is: 'what', of: ({ name }) => link(to('handlers'), nameOf(name)) },
          { head: 'State', is: 'when', of: (row) => handlerState(row, see) },
          { head: 'Done', is: 'many', of: ({ done }) => number(done) },
          {
            head: 'Dead',
            is: 'many',
            of: ({ dead, name }) =>
              dead === 0 ? '0' : link(to('dead', { filter: `handler:${word(name)}` }), number(dead)),
          },
        ],
      })
    }`,
  )
}

export function handlerState(
  { paused, orphaned }: Pick<NowData['handlers'][number], 'paused' | 'orphaned'>,
  see: See,
): Markup {
  if (paused !== null)
    return html`${mark('look', `paused by ${paused.by}`)} ${paused.since !== null && ago(paused.since, see)}`
  return orphaned > 0 ? mark('look', `gone, ${counted(orphaned, 'event')} wait`) : mark('well', 'works')
}

function troubles(rows: readonly Trouble[], see: See): Markup {
  if (rows.length === 0) return null
  return section(
    'Newest troubles',
    table({
      caption: 'The newest dead letters and quarantine',
      quiet: true,
      rows,
      key: ({ kind, id, about }) => `${kind} ${id} ${about}`,
      columns: [
        {
          head: 'What',
          is: 'what',
          of: ({ kind, id, about }) =>
            html`<a href=${kind === 'dead' ? to('event', { id }) : to(id.includes('.') ? 'quarantine' : 'delivery', { id, filter: id })} data-open="">${mark(kind === 'dead' ? 'act' : 'look', kind === 'dead' ? 'dead letter' : 'quarantine')}</a> ${kind === 'dead' ? nameOf(about) : sourceLink(about)}`,
        },
        { head: 'When', is: 'when', of: ({ at }) => when(at, see) },
        { head: 'Why', is: 'long', of: ({ text: why }) => text(why) },
      ],
    }),
  )
}

function setUp({ frame }: See): Markup {
  const [first = 'shop'] = frame.sources
  return html`<section class="setup" aria-labelledby="s-set-up"><h2 id="s-set-up">Nothing has come yet</h2>
    <p>The receiver is open and has stored nothing so far. Each source takes posts at its address:</p>
    <ul>${frame.sources.map((source) => html`<li><code>…/${text(source)}</code></li>`)}</ul>
    <p>Try it with a sample, as the sender posts it:</p>
    <pre><code>npx posthorn send --help</code></pre>
    <p>The test button of a sender shows here as a delivery marked <span class="flag">test</span>: it is stored and answered, and asks nothing of your list.</p>
    <p class="aside">This page shows what comes to <code>${text(first)}</code> as soon as it does.</p></section>`
}
