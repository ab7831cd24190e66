/** `view=deliveries`: what came, newest first. */
import { bytes, counted, number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { code, empty, link, mark, sourceLink, verbForm } from '../parts/pieces.ts'
import { here, type See, to } from '../parts/see.ts'
import { pager, table } from '../parts/table.ts'
import { when } from '../parts/time.ts'
import type { DeliveriesData, DeliveryRow } from './load/deliveries.ts'
import { filterForm, withoutEach } from './parts-of-events.ts'

export function drawDeliveries({ q, rows }: DeliveriesData, see: See): Markup {
  return html`${filterForm(see, 'deliveries', q)}
    ${rows.length === 0 ? empty('No deliveries here.', withoutEach(see, q), link(here(see, { filter: null, after: null }), 'All deliveries')) : list(rows, see)}
    ${pager(see, rows.length)}
    ${q !== '' && rows.length > 0 && verbForm(see, { verb: 'replay', filter: q, label: 'Replay these…' })}`
}

function list(rows: readonly DeliveryRow[], see: See): Markup {
  return table({
    caption: 'Deliveries, newest first',
    quiet: true,
    rows,
    key: ({ id }) => id,
    columns: [
      {
        head: 'Delivery',
        is: 'what',
        of: ({ id }) =>
          html`<a href=${to('delivery', { id })} data-open="" data-id=${id}>${code(`${id.slice(0, 14)}…`)}</a>`,
      },
      { head: 'Received', is: 'when', of: ({ receivedAt }) => when(receivedAt, see) },
      { head: 'Source', of: ({ source }) => sourceLink(source) },
      {
        head: 'Events',
        is: 'many',
        of: ({ events }) => (events === null ? html`<span class="none">unread</span>` : number(events)),
      },
      { head: 'Size', is: 'many', of: (row) => bytes(row.bytes) },
      { head: 'Remarks', is: 'long', of: remarks },
    ],
  })
}

export function remarks({ events, copies, senderLeft, isTest, kept }: DeliveryRow): Markup {
  const list: Markup[] = [
    events === null && mark('none', 'not worked through yet'),
    copies > 0 && html`<span class="flag">${counted(copies, 'repeat')}</span>`,
    senderLeft && mark('look', 'sender left'),
    isTest && html`<span class="flag">test</span>`,
    kept === 'some' && html`<span class="flag">partly erased</span>`,
    kept === 'none' && html`<span class="flag">bytes gone</span>`,
  ]
  return list.filter(Boolean).map((one) => html`${one} `)
}
