/** `view=quarantine`: bytes that no handler has seen, grouped by why. */
import { counted, number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { code, empty, lacking, link, mark, pathOf, section, sourceLink, verbForm, word } from '../parts/pieces.ts'
import { here, type See, to } from '../parts/see.ts'
import { pager, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import type { QuarantineData } from './load/quarantine.ts'
import { filterForm, withoutEach } from './parts-of-events.ts'

export function drawQuarantine(data: QuarantineData, see: See): Markup {
  const { q, total, rows, groups } = data
  if (total === 0) return empty('Nothing is in quarantine.', 'Everything that came could be read.')
  return html`<p>${counted(total, 'item')} could not be read. Their bytes are stored; no handler has seen them.</p>
    ${filterForm(see, 'quarantine', q)}
    ${rows.length === 0 && empty('Nothing matches.', withoutEach(see, q), link(here(see, { filter: null }), 'All'))}
    ${
      groups.length > 0 &&
      section(
        'By reason, of this page',
        table({
          caption: 'Quarantine by source, reason and place',
          quiet: true,
          rows: groups,
          key: ({ source, reason, path }) => `${source} ${reason} ${path}`,
          columns: [
            {
              head: 'Why',
              is: 'what',
              of: ({ reason, deliveryId, index }) =>
                html`<a href=${to('delivery', { id: deliveryId })} data-open="">${text(reason)}</a> <span class="aside">${index === null ? 'the whole body' : `element ${index}`}</span>`,
            },
            { head: 'Count', is: 'many', of: ({ count }) => number(count) },
            { head: 'First', is: 'when', of: ({ firstAt }) => when(firstAt, see) },
            { head: 'Last', is: 'when', of: ({ lastAt }) => when(lastAt, see) },
            {
              head: 'Source',
              of: ({ source }) => link(to('quarantine', { filter: `source:${word(source)}` }), text(source)),
            },
            { head: 'Place', of: ({ path }) => (path === null ? null : pathOf(path)) },
          ],
        }),
      )
    }
    ${readable(data, see)}
    ${
      rows.length > 0 &&
      section(
        'Items',
        table({
          caption: 'Items, newest first',
          quiet: true,
          rows,
          key: ({ deliveryId, index }) => `${deliveryId} ${index}`,
          columns: [
            {
              head: 'Item',
              is: 'what',
              of: ({ deliveryId, index }) =>
                html`<a href=${to('delivery', { id: deliveryId })} data-open="">${code(`${deliveryId.slice(0, 14)}…`)}${index === null ? ', all of it' : `, element ${index}`}</a>`,
            },
            { head: 'Since', is: 'when', of: ({ since }) => when(since, see) },
            { head: 'Source', of: ({ source }) => sourceLink(source) },
            { head: 'Place', of: ({ path }) => (path === null ? null : pathOf(path)) },
            { head: 'Why', is: 'long', of: ({ reason }) => text(reason) },
          ],
        }),
      )
    }
    ${pager(see, rows.length)}
    <div class="verbs">${verbForm(see, { verb: 'reparse', filter: q, label: 'Read again what can be read now…', ...everything(q) })}${verbForm(see, { verb: 'retry', filter: q === '' ? 'outcome:quarantined' : `${q} outcome:quarantined`, label: 'Retry all the same…' })}${verbForm(see, { verb: 'drop', filter: q === '' ? 'outcome:quarantined' : `${q} outcome:quarantined`, label: 'Give up…' })}</div>
    ${lacking(see, 'reparse', 'retry', 'drop')}`
}

const everything = (q: string) => (q === '' ? { fields: { all: '1' } } : {})

function readable({ readable: found }: QuarantineData, see: See): Markup {
  if (found === null) return html`<p><a href=${here(see, { readable: '1' })}>How much of it can be read now?</a></p>`
  return html`<p>${mark(found.length > 0 ? 'well' : 'none', `readable now: ${number(found.length)}`)}</p>`
}
