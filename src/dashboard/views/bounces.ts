/** `view=bounces`: why mails bounce. */
import { number, percent } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { empty, link, section, sourceLink, word } from '../parts/pieces.ts'
import { here, type See, to } from '../parts/see.ts'
import { bars } from '../parts/spark.ts'
import { table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import type { BounceClass, BouncesData } from './load/bounces.ts'
import type { EventRow } from './load/loading.ts'
import { eventColumns, rangeLinks } from './parts-of-events.ts'

const RANGES = ['1h', '6h', '24h', '7d', '35d']

export function drawBounces(data: BouncesData, see: See): Markup {
  const { chart, classes, newest, range } = data
  const ranges = rangeLinks(see, RANGES, range)
  if ((classes === null || classes.length === 0) && newest.length === 0)
    return html`${ranges}${empty(`No bounces in the last ${range}.`)}`
  const reply = {
    head: 'What was said',
    is: 'long' as const,
    of: ({ bounce, reply: said }: EventRow) => text(bounce?.reason ?? said),
  }
  return html`${ranges}
    ${
      chart !== null &&
      section(
        'Over time',
        bars(`Bounces by kind, ${range}`, chart.steps, chart.series, (at) => when(at, see)),
      )
    }
    ${
      classes === null
        ? html`<p class="notice">This inbox keeps no counts over time.</p>`
        : section(
            'By class',
            table({
              caption: 'Bounces by source and class',
              quiet: true,
              rows: classes,
              key: ({ source, kind, class: name }) => `${source} ${kind} ${name}`,
              columns: [
                {
                  head: 'Kind and class',
                  is: 'what',
                  of: (row) =>
                    link(
                      to('events', { filter: filterOf(row), range }),
                      html`${text(row.kind)}${row.class !== null && html`, class ${text(row.class)}`}`,
                    ),
                },
                { head: 'Source', of: ({ source }) => sourceLink(source) },
                { head: 'Count', is: 'many', of: ({ count }) => number(count) },
                {
                  head: 'Of delivered',
                  is: 'many',
                  of: ({ count }) => (data.delivered === 0 ? '–' : percent(count / (count + data.delivered))),
                },
                { head: 'Before', is: 'many', of: change },
              ],
            }),
          )
    }
    ${newest.length > 0 && byDomain(data, see)}
    ${newest.length > 0 && section('The newest', table({ caption: 'The newest bounces', quiet: true, rows: newest, key: ({ id }) => id, columns: eventColumns(see, [reply]) }))}
    <p>${link(to('suppression', { range }), 'Whom to take off the list')}</p>`
}

function byDomain({ domains }: BouncesData, see: See): Markup {
  if (domains === null) return html`<p><a href=${here(see, { domains: '1' })}>At which receiving domains?</a></p>`
  return section(
    'By receiving domain',
    html`${see.partial !== null && html`<p class="notice">${see.partial}</p>`}<p>Of the newest ${number(domains.of)} of this range.</p>${table(
      {
        caption: 'Bounces by receiving domain',
        quiet: true,
        rows: domains.rows,
        key: ({ domain }) => domain,
        columns: [
          { head: 'Domain', is: 'what', of: ({ domain }) => (domain === '' ? '–' : text(domain)) },
          { head: 'Bounces', is: 'many', of: ({ count }) => number(count) },
          { head: 'Hard', is: 'many', of: ({ hard }) => number(hard) },
          { head: 'To take off', is: 'many', of: ({ suppress }) => number(suppress) },
          { head: 'Said last', is: 'long', of: ({ said }) => text(said) },
        ],
      },
    )}`,
  )
}

const filterOf = ({ source, kind, class: name }: BounceClass): string =>
  [
    `source:${word(source)}`,
    `bounce:${word(kind)}`,
    ...(name === null || name === 'other' ? [] : [`class:${word(name)}`]),
  ].join(' ')

function change({ count, before }: BounceClass): Markup {
  if (before === 0) return count === 0 ? '0' : html`<span class="flag">new</span>`
  const by = (count - before) / before
  return `${number(before)} (${by >= 0 ? '+' : '−'}${Math.round(Math.abs(by) * 100)} %)`
}
