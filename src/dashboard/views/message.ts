/** `view=message`: the life of one mail, as a list; the drawing follows it. */
import { html, type Markup } from '../parts/html.ts'
import { empty, id as idOf, link, mark, ownLinks, section, strange } from '../parts/pieces.ts'
import { type See, to } from '../parts/see.ts'
import { facts } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { spanText, when } from '../parts/time.ts'
import type { EventRow } from './load/loading.ts'
import type { MessageData } from './load/message.ts'
import { typeMark, whoLink } from './parts-of-events.ts'

const ENDS = new Set(['delivered', 'bounced', 'rejected'])
const SILENT_MS = 3_600_000

export function drawMessage({ messageId, events, links }: MessageData, see: See): Markup {
  const [first] = events
  if (first === undefined)
    return empty(
      'Nothing is stored of this message.',
      html`${idOf(messageId)} came with no event that is stored here; retention or an erasure may have taken it.`,
      see.partial !== null && see.partial,
      link(to('events'), 'All events'),
    )
  const last = events.at(-1) ?? first
  const silentMs = see.now - Date.parse(String(last.occurredAt))
  const isOver = events.some(({ type }) => ENDS.has(type))
  return html`${facts([
    ['Message', idOf(messageId)],
    ['Who', whoLink(first)],
    ['Became', outcome(events)],
    ['Source', text(first.source)],
  ])}
  ${ownLinks(links)}
  ${drawing(events, see)}
  ${section(
    'What happened',
    html`<ol class="life">${events.map((event, i) => step(event, events[i - 1], hadEnd(events, i), see))}
      ${!isOver && silentMs > SILENT_MS && html`<li class="silent"><p>${mark('look', `nothing since, for ${spanText(silentMs)}`)}</p></li>`}</ol>`,
  )}
  ${see.partial !== null && html`<p class="notice">${see.partial}</p>`}`
}

const hadEnd = (events: readonly EventRow[], i: number): boolean =>
  events.slice(0, i).some(({ type }) => type === 'delivered')

/** In words, by the last event that says so. */
function outcome(events: readonly EventRow[]): Markup {
  const bounce = events.findLast(({ type }) => type === 'bounced')
  const delivered = events.some(({ type }) => type === 'delivered')
  if (bounce !== undefined && delivered) return mark('act', 'delivered, then bounced out of band')
  if (bounce !== undefined) return mark('act', html`bounced${bounce.bounce !== null && html`, ${bounce.bounce.kind}`}`)
  if (events.some(({ type }) => type === 'complained')) return mark('act', 'delivered, then complained about')
  if (delivered) return mark('well', 'delivered')
  return mark('none', 'no end yet')
}

function step(event: EventRow, before: EventRow | undefined, wasDelivered: boolean, see: See): Markup {
  const gap = before === undefined ? null : Date.parse(String(event.occurredAt)) - Date.parse(String(before.occurredAt))
  const isOutOfBand = event.type === 'bounced' && wasDelivered
  return html`<li key=${event.id} data-row="" class=${isOutOfBand ? 'bad' : ''}>
    <p><a href=${to('event', { id: event.id })} data-open="">${typeMark(event)}</a> ${when(event.occurredAt, see)} <span class="aside">received ${when(event.receivedAt, see)}${gap !== null && gap >= 1_000 && `, ${spanText(gap)} after the one before`}</span></p>
    ${isOutOfBand && html`<p class="mark act">After it was delivered: the receiving side sent it back later.</p>`}
    ${event.bounce?.reason != null && html`<p class="reply">${event.bounce.class !== null && html`class ${text(event.bounce.class)}: `}${text(event.bounce.reason)}</p>`}
    ${event.reply !== null && event.reply !== event.bounce?.reason && html`<p class="reply">${text(event.reply)}</p>`}
    ${event.url !== null && html`<p class="reply">${strange(event.url)}</p>`}
  </li>`
}

const [WIDE, TALL] = [720, 44]

/** Dots on a line, by time; hollow where a machine did it. */
function drawing(events: readonly EventRow[], see: See): Markup {
  const times = events.map(({ occurredAt }) => Date.parse(String(occurredAt)))
  const [from, until] = [Math.min(...times), Math.max(...times)]
  const at = (ms: number) => (16 + ((ms - from) / Math.max(1, until - from)) * (WIDE - 32)).toFixed(1)
  return html`<figure class="chart line"><svg viewBox=${`0 0 ${WIDE} ${TALL}`} role="img" aria-label="The events below, by time">
      <path class="axis" d=${`M16 22H${WIDE - 16}`} />
      ${events.slice(0, 200).map((event, i) => html`<circle cx=${at(times[i] ?? from)} cy="22" r="7" class=${event.automated ? 'hollow' : dotOf(event)}><title>${event.type}</title></circle>`)}
    </svg><figcaption>${until > from ? html`From ${when(new Date(from).toISOString(), see)} to ${when(new Date(until).toISOString(), see)}, ${spanText(until - from)}.` : html`All at ${when(new Date(from).toISOString(), see)}.`}${events.some(({ automated }) => automated) && ' Hollow: done by a machine.'}</figcaption></figure>`
}

function dotOf({ type, effect }: EventRow): string {
  if (effect === 'suppress' || type === 'bounced' || type === 'complained') return 'act'
  return type === 'delivered' ? 'well' : 'plain'
}
