/** `view=handlers`: who is slow, who is paused, who is gone. */
import { counted, number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { empty, lacking, link, name as nameOf, section, verbForm, word } from '../parts/pieces.ts'
import { type See, to } from '../parts/see.ts'
import { spark } from '../parts/spark.ts'
import { facts, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { ago } from '../parts/time.ts'
import type { HandlersData } from './load/handlers.ts'
import { handlerState } from './now.ts'

export function drawHandlers({ rows, unhandled, backlog }: HandlersData, see: See): Markup {
  const waits =
    backlog.oldestAt === null
      ? 'Nothing waits.'
      : html`${counted(backlog.deliveries, 'delivery', 'deliveries')} with work left, the oldest from ${ago(backlog.oldestAt, see)}.`
  const others = Object.entries(unhandled)
  return html`<p>${waits}</p>
    ${
      rows.length === 0
        ? empty('No handler is registered.', 'What comes is stored, and handled by nobody.')
        : table({
            caption: 'Handlers',
            quiet: true,
            rows,
            key: ({ name }) => name,
            columns: [
              {
                head: 'Handler',
                is: 'what',
                of: ({ name, isHere }) =>
                  html`${nameOf(name)}${!isHere && html` <span class="flag">not in this process</span>`}`,
              },
              {
                head: 'State',
                is: 'when',
                of: (row) =>
                  row.isHere || row.paused !== null || row.orphaned > 0
                    ? handlerState(row, see)
                    : row.seenAt === null
                      ? null
                      : html`seen ${ago(row.seenAt, see)}`,
              },
              {
                head: 'By minute, last hour',
                of: ({ name, minutes, done }) =>
                  minutes && spark(minutes, `Events done by ${name} by minute: ${done} in the last hour`),
              },
              { head: 'Done, 24 h', is: 'many', of: ({ doneDay }) => number(doneDay) },
              {
                head: 'Dead, 24 h',
                is: 'many',
                of: ({ deadDay, name }) =>
                  deadDay === 0 ? '0' : link(to('dead', { filter: `handler:${word(name)}` }), number(deadDay)),
              },
              {
                head: 'Do',
                of: ({ name, paused }) =>
                  paused === null
                    ? verbForm(see, { verb: 'pause', filter: name, label: 'Pause…' })
                    : verbForm(see, { verb: 'resume', filter: name, label: 'Resume…' }),
              },
            ],
          })
    }
    ${lacking(see, 'pause', 'resume')}
    ${others.length > 0 && section('Unhandled', html`<p>Events that no handler asked for, by native name.</p>${facts(others.map(([name, count]) => [text(name), number(count)] as [string, Markup]))}`)}`
}
