/** `view=dead`: what failed for good, grouped; inside a group its rows. */
import { counted, number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { empty, lacking, link, name as nameOf, verbForm, word } from '../parts/pieces.ts'
import { here, type See, to } from '../parts/see.ts'
import { pager, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import type { DeadData, DeadGroup } from './load/dead.ts'
import { filterForm, typeMark, whoLink, withoutEach } from './parts-of-events.ts'

export function drawDead(data: DeadData, see: See): Markup {
  const { q, total, groups, rows } = data
  if (total === 0) return empty('No dead letters.', 'Every event was handled, or is still being tried.')
  return html`<p>${counted(total, 'event')} failed for good. They are stored with their errors, and stay until they are retried or given up.</p>
    ${filterForm(see, 'dead', q)}
    ${q !== '' && rows.length > 0 && html`<div class="verbs">${verbForm(see, { verb: 'retry', filter: q, label: 'Retry these…', key: 'r' })}${verbForm(see, { verb: 'drop', filter: q, label: 'Give these up…' })}</div>`}
    ${groups === null ? letters(data, see) : grouped(groups, data, see)}
    ${pager(see, rows.length)}
    ${lacking(see, 'retry', 'drop')}`
}

const filterOfGroup = ({ handler }: DeadGroup): string => `handler:${word(handler)}`

function grouped(groups: readonly DeadGroup[], { grouped: of, total }: DeadData, see: See): Markup {
  return html`${of < total && html`<p class="notice">Grouped are the newest ${number(of)} of ${number(total)}.</p>`}${table(
    {
      caption: 'Dead letters by handler and error',
      quiet: true,
      rows: groups,
      key: ({ handler, error }) => `${handler} ${error}`,
      columns: [
        {
          head: 'Handler and error',
          is: 'what',
          of: (group) =>
            html`<a href=${to('dead', { filter: filterOfGroup(group) })} data-open="">${nameOf(group.handler)} <strong>${text(group.error)}</strong></a>`,
        },
        { head: 'Count', is: 'many', of: ({ count }) => number(count) },
        { head: 'First', is: 'when', of: ({ firstAt }) => when(firstAt, see) },
        { head: 'Last', is: 'when', of: ({ lastAt }) => when(lastAt, see) },
        {
          head: 'Newest says',
          is: 'long',
          of: ({ message, eventId }) => html`${text(message)} ${link(to('event', { id: eventId }), 'event')}`,
        },
        { head: 'Do', of: (group) => verbForm(see, { verb: 'retry', filter: filterOfGroup(group), label: 'Retry…' }) },
      ],
    },
  )}`
}

function letters({ rows, q }: DeadData, see: See): Markup {
  if (rows.length === 0)
    return empty('Nothing matches.', withoutEach(see, q), link(here(see, { filter: null, after: null }), 'All groups'))
  return table({
    caption: 'Dead letters, newest first',
    quiet: true,
    rows,
    key: ({ id, run, handler }) => `${id} ${run} ${handler}`,
    columns: [
      {
        head: 'Event',
        is: 'what',
        of: (row) =>
          html`<a href=${to('event', { id: row.id })} data-open="" data-id=${row.id}>${typeMark(row)}</a>${row.run !== null && html` <span class="flag">replay</span>`}`,
      },
      { head: 'Since', is: 'when', of: ({ since }) => when(since, see) },
      { head: 'Who', is: 'who', of: whoLink },
      { head: 'Handler', of: ({ handler }) => nameOf(handler) },
      { head: 'Calls', is: 'many', of: ({ attempts }) => number(attempts) },
      { head: 'Error', is: 'long', of: ({ error, message }) => html`<strong>${text(error)}</strong> ${text(message)}` },
    ],
  })
}
