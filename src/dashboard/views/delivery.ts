/** `view=delivery`: what exactly came. */
import { bytes, number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import {
  code,
  empty,
  id as idOf,
  lacking,
  link,
  mark,
  name as nameOf,
  notice,
  ownLinks,
  pathOf,
  section,
  sourceLink,
  verbForm,
} from '../parts/pieces.ts'
import { type See, to } from '../parts/see.ts'
import { facts, pager, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import { remarks } from './deliveries.ts'
import type { DeliveryData } from './load/delivery.ts'
import { eventColumns } from './parts-of-events.ts'

export function drawDelivery(data: DeliveryData, see: See): Markup {
  const { delivery, id } = data
  if (delivery === null)
    return empty(
      'There is no such delivery.',
      html`${idOf(id)} was never stored here, or it is forgotten: retention lets go of old ones.`,
      link(to('deliveries'), 'All deliveries'),
    )
  const failed = Object.keys(data.dead).length > 0 || data.quarantined.length > 0
  return html`${facts([
    ['Delivery', idOf(delivery.id)],
    ['Source', sourceLink(delivery.source)],
    ['Received', when(delivery.receivedAt, see)],
    ['Size', `${bytes(delivery.bytes)}${delivery.bytes < 1_000 ? '' : ` (${number(delivery.bytes)} bytes)`}`],
    ['Events', delivery.events],
    ['Batch', delivery.batchId === null ? null : code(delivery.batchId)],
    ['Credential', delivery.credential === null ? null : text(delivery.credential)],
    [
      'SHA-256',
      html`${idOf(delivery.sha256)}${see.frame.bytes && delivery.kept === 'all' && html`<button type="button" class="copy" data-check=${to('delivery', { id, as: 'body' })} data-sha256=${delivery.sha256} hidden>check</button>`}`,
    ],
    ['Remarks', remarks(delivery)],
  ])}
  ${delivery.kept === 'none' && notice('Its bytes are gone: their time was over. Hash, size and counts stay.')}
  ${delivery.kept === 'some' && notice('Elements were erased from it; the others stay as they came.')}
  ${ownLinks(data.links)}
  ${events(data, see)}
  ${quarantined(data)}
  <div class="verbs">${failed && verbForm(see, { verb: 'retry', filter: id, label: 'Retry what failed…', key: 'r' })}
    ${verbForm(see, { verb: 'replay', filter: id, label: 'Replay it…' })}
    ${failed && verbForm(see, { verb: 'drop', filter: id, label: 'Give up what failed…' })}</div>
  ${section('Headers of record', facts(delivery.headers.map(([name, value]) => [text(name), text(value)] as [string, Markup])))}
  ${raw(data, see)}`
}

function events({ events: rows, dead }: DeliveryData, see: See): Markup {
  if (rows.length === 0) return null
  const state = {
    head: 'State',
    of: ({ id }: { id: string }) => stateOf(dead[id.slice(id.lastIndexOf('.') + 1)] ?? []),
  }
  return section(
    'Events',
    html`${table({ caption: 'Its events, the last first', quiet: true, rows, key: ({ id }) => id, columns: eventColumns(see, [state]) })}${pager(see, rows.length)}`,
  )
}

const stateOf = (handlers: readonly string[]): Markup =>
  handlers.length === 0 ? null : mark('act', html`dead for ${handlers.map((handler) => html`${nameOf(handler)} `)}`)

function quarantined({ quarantined: rows, id }: DeliveryData): Markup {
  if (rows.length === 0) return null
  return section(
    'In quarantine',
    html`${table({
      caption: 'What could not be read',
      quiet: true,
      rows,
      key: ({ index, reason }) => `${index} ${reason}`,
      columns: [
        {
          head: 'Element',
          is: 'what',
          of: ({ index }) => (index === null ? 'the whole body' : `${id.slice(0, 10)}….${index}`),
        },
        { head: 'Place', of: ({ path }) => (path === null ? null : pathOf(path)) },
        { head: 'Why', is: 'long', of: ({ reason }) => text(reason) },
        { head: 'What came', is: 'long', of: ({ came }) => (came === null ? null : code(came)) },
        {
          head: 'Reads now',
          of: ({ readsNow }) => (readsNow === null ? mark('none', 'no') : mark('well', html`as ${text(readsNow)}`)),
        },
      ],
    })}
    ${rows.map(inPlace)}`,
  )
}

/** The element, with the place marked that nobody could read. */
function inPlace({ index, reason, came, around }: DeliveryData['quarantined'][number]): Markup {
  if (around === null || came === null) return null
  return html`<details><summary>Element ${index}: ${text(reason)}</summary><pre class="raw" tabIndex="0"><code>${text(around.before, { lines: true })}<mark>${text(came)}</mark>${text(around.after, { lines: true })}</code></pre></details>`
}

function raw({ text: body, hex, delivery, id }: DeliveryData, see: See): Markup {
  if (delivery?.kept === 'none') return null
  if (!see.frame.bytes)
    return html`<p class="lack">Stored bytes are not shown: the right <code>bytes</code> is not given to ${text(see.frame.who)}.</p>`
  return section(
    'Bytes',
    html`<p><a href=${to('delivery', { id, as: 'body' })} download="">Download</a></p>
    ${body !== null && html`<pre class="raw" tabIndex="0"><code>${text(body, { lines: true })}</code></pre>`}
    ${hex !== null && html`<details><summary>The first bytes in hex</summary><pre class="raw hex" tabIndex="0"><code>${hex}</code></pre></details>`}
    ${lacking(see)}`,
  )
}
