/** `view=suppression`: whom to take off the list. */
import { number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { empty, link, mark } from '../parts/pieces.ts'
import { here, type See, to } from '../parts/see.ts'
import { pager, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import type { SuppressionData } from './load/suppression.ts'
import { rangeLinks, whoLink } from './parts-of-events.ts'

const RANGES = ['1h', '6h', '24h', '7d', '35d']

export function drawSuppression({ rows, range }: SuppressionData, see: See): Markup {
  return html`<p>Distinct addresses whose events ask to be taken off, of the deliveries of the last ${range}.</p>
    ${rangeLinks(see, RANGES, range)}
    ${
      rows.length === 0
        ? empty(`Nobody in the last ${range}.`)
        : table({
            caption: 'Addresses with an effect',
            quiet: true,
            rows,
            key: ({ key, who, effect }) => `${key} ${who} ${effect}`,
            columns: [
              { head: 'Who', is: 'what', of: whoLink },
              { head: 'Effect', is: 'when', of: ({ effect }) => mark(effect === 'suppress' ? 'act' : 'look', effect) },
              { head: 'Last', is: 'when', of: ({ lastAt }) => when(lastAt, see) },
              { head: 'Times', is: 'many', of: ({ count }) => number(count) },
              { head: 'Source', of: ({ source }) => text(source) },
              {
                head: 'Why',
                is: 'long',
                of: ({ reason, eventId }) => html`${text(reason)} ${link(to('event', { id: eventId }), 'event')}`,
              },
            ],
          })
    }
    ${pager(see, rows.length)}
    <p class="verbs">${link(here(see, { as: 'csv' }), 'As CSV')} ${link(here(see, { as: 'ndjson' }), 'As NDJSON')}</p>`
}
