/** `view=person`: may we write to them, and what happened. */
import { counted } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { empty, lacking, link, mark, ownLinks, section, verbForm } from '../parts/pieces.ts'
import { type See, to } from '../parts/see.ts'
import { facts, pager, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import type { EventRow } from './load/loading.ts'
import type { PersonData } from './load/person.ts'
import { messageLink, typeMark } from './parts-of-events.ts'

export function drawPerson(data: PersonData, see: See): Markup {
  const { who, key, events, counts } = data
  if (who === null)
    return empty(
      'Nobody is known by this address of a page.',
      'It was made by another inbox, or is not whole. Type the e-mail address into the search box.',
    )
  if (events.length === 0 && see.partial === null)
    return empty(html`Nothing is stored of ${text(who)}.`, 'No event that is stored here has this recipient.')
  return html`${facts([
    ['Who', html`<strong>${text(who)}</strong>`],
    ['May we write', state(data, see)],
    ['Counts', Object.entries(counts).map(([type, count]) => html`<span class="flag">${text(type)} ${count}</span> `)],
  ])}
  ${ownLinks(data.links)}
  ${section('What happened, newest delivery first', html`${table({ caption: 'Events of this person', quiet: true, rows: events, key: ({ id }) => id, columns: columns(see) })}${pager(see, events.length)}`)}
  <div class="verbs"><a href=${to('person', { key, as: 'csv' })}>As CSV</a> ${verbForm(see, { verb: 'erase', filter: key, label: 'Erase what is stored of them…' })}</div>
  ${lacking(see, 'erase')}`
}

function state({ evidence, events }: PersonData, see: See): Markup {
  const isAll = see.next === null && see.partial === null && !new URLSearchParams(see.query).has('after')
  if (evidence === null && !isAll)
    return html`${mark('look', 'not told yet: there are more events than are shown')} <span class="aside">none of the ${counted(events.length, 'event')} shown speaks against it</span>`
  if (evidence === null)
    return html`${mark('well', 'nothing stored speaks against it')} <span class="aside">of ${counted(events.length, 'event')} shown</span>`
  const words =
    evidence.effect === 'suppress' ? 'no: take the address off your lists' : 'not this list: they unsubscribed'
  const why = evidence.bounce === null ? evidence.type : `${evidence.bounce.kind} bounce`
  return html`${mark(evidence.effect === 'suppress' ? 'act' : 'look', words)} <span class="aside">by ${link(to('event', { id: evidence.id }), why)} of ${when(evidence.occurredAt, see)}${evidence.bounce?.reason != null && html`: ${text(evidence.bounce.reason)}`}</span>`
}

const columns = (see: See) => [
  {
    head: 'Event',
    is: 'what' as const,
    of: (row: EventRow) => html`<a href=${to('event', { id: row.id })} data-open="">${typeMark(row)}</a>`,
  },
  { head: 'Happened', is: 'when' as const, of: ({ occurredAt }: EventRow) => when(occurredAt, see) },
  { head: 'Message', of: messageLink },
  { head: 'Source', of: ({ source }: EventRow) => text(source) },
  { head: 'Why', is: 'long' as const, of: ({ bounce, reply }: EventRow) => text(bounce?.reason ?? reply) },
]
