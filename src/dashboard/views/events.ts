/** `view=events`: events that match, those of the latest deliveries first. */
import { html, type Markup } from '../parts/html.ts'
import { empty, link, verbForm } from '../parts/pieces.ts'
import { here, type See } from '../parts/see.ts'
import { pager, table } from '../parts/table.ts'
import type { EventsData } from './load/events.ts'
import { eventColumns, filterForm, messageLink, withoutEach } from './parts-of-events.ts'

const RANGES = ['15m', '1h', '6h', '24h', '7d', '35d']

export function drawEvents({ q, range, rows, read, counted }: EventsData, see: See): Markup {
  const wider = RANGES[RANGES.indexOf(range) + 1]
  return html`${filterForm(see, 'events', q, RANGES, range)}
    ${
      rows.length === 0
        ? empty(
            see.partial === null ? `Nothing matches in the last ${range}.` : 'Nothing that matches so far.',
            withoutEach(see, q),
            wider !== undefined && link(here(see, { range: wider, after: null }), `Look at the last ${wider}`),
            read === 0 && counted
              ? html`By the counts nothing of the kind was received then, so nothing was read. ${link(here(see, { all: '1', after: null }), 'Read it all the same')}`
              : `${read} deliveries were read.`,
          )
        : table({
            caption: 'Events, those of the latest deliveries first',
            quiet: true,
            rows,
            key: ({ id }) => id,
            columns: eventColumns(see, [{ head: 'Message', of: messageLink }]),
          })
    }
    ${pager(see, rows.length)}
    ${q !== '' && rows.length > 0 && verbForm(see, { verb: 'replay', filter: `${q}${/(^|\s)(since|at):/.test(q) ? '' : ` since:${range}`}`, label: 'Replay these…' })}`
}
